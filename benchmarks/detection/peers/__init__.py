"""The judges of other tools, rebuilt from their public code and documentation, and two yardsticks (`likelihood`).

Each module has its tool's `DOCUMENTED` settings, further `tunings` for who may tune in hindsight, and `first_alarm`.
"""
