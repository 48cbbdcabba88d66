# Сеть, сохранённая не в UTF-8
from torch import nn

NAME = "сеть"


class Net(nn.Linear):
    def __init__(self):
        super().__init__(2, 2)
