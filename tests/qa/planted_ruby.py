"""Ruby: methods with a correct and a buggy version, written for these tests, as planted_js.py has them."""

PLANTED_RUBY = [(name, "rb", *rest) for name, *rest in [
    ("clamp", '''
module Clamp
  # The nearest number to value that is not below low and not above high.
  #
  # @param value [Integer]
  # @param low [Integer]
  # @param high [Integer]
  # @return [Integer]
  # @example
  #   Clamp.clamp(15, 0, 10) # => 10
  def self.clamp(value, low, high)
    return low if value < low
    return @@ if value > high

    value
  end
end
''', "high", "low", True),
    ("leap", '''
class Year
  attr_reader :number

  def initialize(number)
    @number = number
  end

  # Whether this year of the Gregorian calendar has 366 days.
  def leap?
    (number % 4).zero? && (@@ || (number % 400).zero?)
  end
end
''', "!(number % 100).zero?", "(number % 100).zero?", False),
    ("vowels", '''
# How many vowels a text has, of either case.
def count_vowels(text)
  text@@.chars.count { |letter| "aeiou".include?(letter) }
end
''', ".downcase", "", False),
    ("stack", '''
# Gives back last what came first.
class Stack
  class EmptyError < StandardError; end

  def initialize
    @items = []
  end

  def push(item)
    @items << item
    self
  end

  def pop
    raise EmptyError, "nothing there" if @items.empty?

    @items.@@
  end

  def size
    @items.size
  end
end
''', "pop", "shift", False),
    ("grade", '''
# @param points [Integer] of a hundred
# @return [Symbol]
def grade(points)
  raise ArgumentError, "points" if points.negative? || points > 100

  case points
  when 90..100 then :excellent
  when @@..89 then :good
  when 50..69 then :fair
  else :failed
  end
end
''', "70", "80", False),
    ("initials", '''
# The first letters of all words, as capitals.
#
# @example
#   initials("portable network graphics") # => "PNG"
def initials(phrase)
  phrase.split.map { |word| word[@@].upcase }.join
end
''', "0", "-1", True),
    ("fizz", '''
# @param number [Integer]
def fizz(number)
  return "fizzbuzz" if (number % 15).zero?
  return "fizz" if (number % @@).zero?
  return "buzz" if (number % 5).zero?

  number.to_s
end
''', "3", "6", False),
    ("account", '''
class Account
  attr_reader :balance

  def initialize(balance: 0)
    @balance = balance
  end

  def deposit(amount)
    raise ArgumentError, "amount" unless amount.positive?

    @balance += amount
  end

  def withdraw(amount)
    raise ArgumentError, "too much" if amount @@ @balance

    @balance -= amount
  end
end
''', ">", ">=", False),
    ("second_largest", '''
# The largest number that is smaller than the largest one; nil where there is none.
#
# @param numbers [Array<Integer>]
# @return [Integer, nil]
def second_largest(numbers)
  numbers@@.sort[-2]
end
''', ".uniq", "", False),
    ("runs", '''
# Runs of one letter as their length and the letter.
def runs(text)
  text.gsub(/(.)\\1*/) { |run| run.length > @@ ? "#{run.length}#{run[0]}" : run }
end
''', "1", "2", False),
    ("greeting", '''
# Greets on the screen.
def greet(name, loud: false)
  text = "Hello, #{name}!"
  puts(@@)
end
''', "text", "name", False),
    ("totals", '''
# The sums of the first one, two, three ... numbers.
#
# @param numbers [Array<Integer>]
# @example
#   running_totals([1, 2, 3]) # => [1, 3, 6]
def running_totals(numbers)
  sum = 0
  numbers.map { |number| sum @@ number }
end
''', "+=", "-=", True),
    ("drop_small", '''
# Takes what is below the least out of the list that is given.
#
# @param numbers [Array<Integer>]
# @param least [Integer]
def drop_small(numbers, least)
  numbers.reject! { |number| number @@ least }
  numbers.size
end
''', "<", "<=", False),
    ("robot", '''
class Robot
  attr_reader :name

  # Draws a name of two letters and three digits.
  def reset
    letters = ("A".."Z").to_a
    @name = letters.sample + letters.sample + format("%0@@d", rand(1000))
  end
end
''', "3", "4", False),
]]
