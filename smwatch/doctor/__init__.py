"""`smwatch doctor`: looks at everything that smwatch stands on, and says what is wrong and how to mend it.

    findings = await examine(config)

`machine` judges the programs underneath, `files` the configuration and the plugins, `storage` the store, `channels`
asks every channel without telling anybody, `network` finds what the systemd unit would block, `service` looks at the
running daemon, `sources` names those that cannot be read, `coverage` says what the configured sources cannot see.
Nothing is sent, nothing is written.
"""
