"""The scheduler core: state in `model`, verbs in the modules named after Go's files, one driver in `sim`.

It knows no clock but the driver's, no dice but `dice`, no pandas and no plots. Imports run one way:
`recorder | dice | costs <- contracts <- model <- runq | gcpacer <- proc <- syscalls | sysmon | stw | mgc | chan | sync
| timers | sockets <- program <- bodies <- perform | verbs <- steps <- sim`.
"""
