"""How often bakewatch's detector is wrong, and how quickly it is right, beside the judges that others use.

`streams` simulates requests and errors, `traces` cuts real traffic into watches, `peers` decides about either as other
tools would and `ours` as bakewatch does. `plan` lists the units of work, `work` does them, `rows` and `charts` tell
what they found.
"""
