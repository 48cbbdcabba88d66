"""Never comes to an end of being imported."""


def attack():
    while True:
        pass


class Attack:
    attack()
