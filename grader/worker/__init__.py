"""The untrusted side: imports a student's code and hands networks over as data. Mounted alone in the sandbox."""
