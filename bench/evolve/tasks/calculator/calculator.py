"""Computes an expression of whole numbers: + - * / (which rounds down), unary minus, brackets, spaces."""


class Calculator:
    def __init__(self, text):
        self.text = text
        self.at = 0

    def peek(self):
        while self.at < len(self.text) and self.text[self.at] == " ":
            self.at += 1
        return self.text[self.at] if self.at < len(self.text) else ""

    def number(self):
        value = 0
        while self.peek().isdigit():
            value = value * 10 + int(self.peek())
            self.at += 1
        return value

    def atom(self):
        sign = self.peek()
        if sign == "(":
            self.at += 1
            value = self.sum()
            self.at += 1
            return value
        if sign == "-":
            self.at += 1
            return -self.atom()
        return self.number()

    def product(self):
        value = self.atom()
        while self.peek() in ("*", "/"):
            sign = self.peek()
            self.at += 1
            other = self.atom()
            if sign == "*":
                value = value * other
            else:
                value = value // other
        return value

    def sum(self):
        value = self.product()
        while self.peek() in ("+", "-"):
            sign = self.peek()
            self.at += 1
            other = self.product()
            if sign == "-":
                value = value + other
            else:
                value = value - other
        return value


def f(text):
    return Calculator(text).sum()
