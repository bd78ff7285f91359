"""The proving ground: every release of the example is merged, deployed and watched for real."""
