"""PHP: functions with a correct and a buggy version, written for these tests, as planted_js.py has them."""

PLANTED_PHP = [(name, "php", "<?php\n\ndeclare(strict_types=1);\n" + source, *rest) for name, source, *rest in [
    ("Clamp", '''
/**
 * The nearest number to the value that is not below low and not above high.
 *
 * @example clamp(15, 0, 10) // => 10
 */
function clamp(int $value, int $low, int $high): int
{
    if ($value < $low) {
        return $low;
    }
    return $value > $high ? @@ : $value;
}
''', "$high", "$low", True),
    ("Leap", '''
function isLeap(int $year): bool
{
    return $year % 4 === 0 && (@@ || $year % 400 === 0);
}
''', "$year % 100 !== 0", "$year % 100 === 0", False),
    ("Vowels", '''
/** How many vowels a text has, of either case. */
function countVowels(string $text): int
{
    return preg_match_all('/[aeiou]/@@', $text);
}
''', "i", "", False),
    ("Stack", '''
namespace Storage;

final class Stack
{
    private array $items = [];

    public function push(int $item): static
    {
        $this->items[] = $item;
        return $this;
    }

    public function pop(): int
    {
        if ($this->items === []) {
            throw new \\UnderflowException('nothing there');
        }
        return @@($this->items);
    }

    public function count(): int
    {
        return count($this->items);
    }
}
''', "array_pop", "array_shift", False),
    ("Grade", '''
enum Grade: string
{
    case Good = 'good';
    case Fair = 'fair';
    case Failed = 'failed';

    public static function of(int $points): self
    {
        if ($points < 0 || $points > 100) {
            throw new InvalidArgumentException('points');
        }
        return match (true) {
            $points >= @@ => self::Good,
            $points >= 50 => self::Fair,
            default => self::Failed,
        };
    }
}
''', "70", "75", False),
    ("Initials", '''
/**
 * The first letters of all words, as capitals.
 *
 * @example initials('portable network graphics') // => 'PNG'
 */
function initials(string $phrase): string
{
    $out = '';
    foreach (explode(' ', $phrase) as $word) {
        $out .= strtoupper(substr($word, @@, 1));
    }
    return $out;
}
''', "0", "-1", True),
    ("Fizz", '''
function fizz(int $number): string
{
    if ($number % 15 === 0) {
        return 'fizzbuzz';
    }
    if ($number % @@ === 0) {
        return 'fizz';
    }
    return $number % 5 === 0 ? 'buzz' : (string) $number;
}
''', "3", "6", False),
    ("Account", '''
class Account
{
    public function __construct(private int $balance = 0)
    {
    }

    public function withdraw(int $amount): void
    {
        if ($amount @@ $this->balance) {
            throw new DomainException('too much');
        }
        $this->balance -= $amount;
    }

    public function getBalance(): int
    {
        return $this->balance;
    }
}
''', ">", ">=", False),
    ("SecondLargest", '''
/** @param int[] $numbers */
function secondLargest(array $numbers): ?int
{
    $ordered = @@($numbers);
    rsort($ordered);
    return $ordered[1] ?? null;
}
''', "array_unique", "array_values", False),
    ("Totals", '''
/**
 * The sums of the first one, two, three ... numbers.
 *
 * @param int[] $numbers
 * @return int[]
 */
function totals(array $numbers): array
{
    $sum = 0;
    $out = [];
    foreach ($numbers as $number) {
        $sum @@ $number;
        $out[] = $sum;
    }
    return $out;
}
''', "+=", "-=", False),
    ("Greeting", '''
function greet(string $name, bool $loud = false): void
{
    $text = "Hello, $name!";
    echo $loud ? @@ : $text;
}
''', "strtoupper($text)", "strtolower($text)", False),
    ("DropSmall", '''
/** @param int[] $numbers */
function dropSmall(array &$numbers, int $least): int
{
    $numbers = array_values(array_filter($numbers, fn (int $one) => $one @@ $least));
    return count($numbers);
}
''', ">=", ">", False),
    ("Robot", '''
class Robot
{
    private string $name;

    public function __construct()
    {
        $this->name = chr(random_int(65, 90)) . chr(random_int(65, 90)) . sprintf('%0@@d', random_int(0, 999));
    }

    public function getName(): string
    {
        return $this->name;
    }
}
''', "3", "4", False),
]]
