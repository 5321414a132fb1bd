<?php

// Runs calls of one file inside the sandbox and says what came of each. Leyden writes the request and reads the answers, one JSON object a
// line, written at once: what is there when this process is killed still counts.
//
//     php driver.php REQUEST ANSWERS
//
// request: {file, autoload, head, mode, limit_s, inputs: [{setup, arguments, call, receiver}], ...}
// modes:   explore  which inputs reach something that none did before
//          confirm  every input twice, with all that it reaches and what it gives
//          mutants  which input tells which mutant from the original
//          examples which examples of the comments give something else than they say

declare(strict_types=1);

namespace Leyden;

require __DIR__ . '/php_variants.php';

putenv('LD_PRELOAD'); // It is there, and nothing for the tested code to see.

const LATE_MAX = 10; // Where more calls than these hang, the others get less time.

// Values as source text; null where there is none.
final class Values
{
    public const TEXT_MAX = 1500; // Of an expected value; what is longer makes no readable test.
    private const ITEMS_MAX = 200; // Of an iterator that is read to its end.
    private const DEPTH_MAX = 8;

    public static function literal(mixed $value, int $depth = 0): ?string
    {
        return match (true) {
            $depth > self::DEPTH_MAX => null,
            $value === null => 'null',
            is_bool($value) => $value ? 'true' : 'false',
            is_int($value) => $value === PHP_INT_MIN ? 'PHP_INT_MIN' : (string) $value,
            is_float($value) => self::number($value),
            is_string($value) => self::text($value),
            is_array($value) => self::items($value, $depth),
            $value instanceof \UnitEnum => '\\' . $value::class . '::' . $value->name,
            $value instanceof \DateTimeImmutable, $value instanceof \DateTime => 'new \\' . $value::class . '(' . self::text($value->format('Y-m-d\TH:i:s.uP')) . ')',
            $value instanceof \stdClass => ($text = self::items(get_object_vars($value), $depth)) === null ? null : '(object) ' . $text,
            default => null,
        };
    }

    private static function number(float $value): ?string
    {
        return is_nan($value) ? null : (is_infinite($value) ? ($value > 0 ? 'INF' : '-INF') : var_export($value, true));
    }

    private static function text(string $value): string
    {
        $plain = preg_match('/[\x00-\x1f\x7f]/', $value) === 0 && preg_match('//u', $value) === 1;
        if ($plain) {
            return "'" . addcslashes($value, "\\'") . "'";
        }
        $valid = preg_match('//u', $value) === 1;
        $out = '';
        foreach (str_split($value) as $byte) {
            $out .= match (true) {
                $byte === "\n" => '\n',
                $byte === "\t" => '\t',
                $byte === "\r" => '\r',
                str_contains('"$\\', $byte) => '\\' . $byte,
                ord($byte) < 32 || ord($byte) === 127 || (!$valid && ord($byte) > 127) => sprintf('\x%02x', ord($byte)),
                default => $byte,
            };
        }
        return '"' . $out . '"';
    }

    private static function items(array $value, int $depth): ?string
    {
        $parts = [];
        foreach ($value as $key => $item) {
            $text = self::literal($item, $depth + 1);
            if ($text === null) {
                return null;
            }
            $parts[] = array_is_list($value) ? $text : self::literal($key) . ' => ' . $text;
        }
        return '[' . implode(', ', $parts) . ']';
    }

    /** What can be read of an object: public properties, getters. @return array<string, string> */
    public static function fields(?object $thing): array
    {
        if ($thing === null || $thing instanceof \Closure || $thing instanceof \Generator) {
            return [];
        }
        $out = [];
        foreach (get_object_vars($thing) as $name => $value) {
            $out[$name] = self::literal($value);
        }
        foreach ((new \ReflectionObject($thing))->getMethods(\ReflectionMethod::IS_PUBLIC) as $method) {
            if (preg_match('/^(get|is|has)[A-Z]/', $method->name) && !$method->isStatic() && $method->getNumberOfParameters() === 0 && (string) $method->getReturnType() !== 'void') {
                $out[$method->name . '()'] = self::field($method, $thing);
            }
        }
        ksort($out);
        return array_filter($out, static fn (?string $text) => $text !== null && strlen($text) <= self::TEXT_MAX);
    }

    private static function field(\ReflectionMethod $method, object $thing): ?string
    {
        try {
            return self::literal($method->invoke($thing));
        } catch (OutOfTime $late) {
            throw $late;
        } catch (\Throwable) {
            return null;
        }
    }

    /** How a test can say what a value is: [form, text]. The forms: value, nan, items (iterator_to_array), fields:a,b ([it->a, it->b]), repr
     * ((string) it), type (its class). */
    public static function observed(mixed $value): ?array
    {
        $text = self::literal($value);
        if ($text !== null) {
            return strlen($text) <= self::TEXT_MAX ? ['value', $text] : null;
        }
        if (is_float($value)) {
            return ['nan', ''];
        }
        if (!is_object($value)) {
            return null;
        }
        if ($value instanceof \Generator || $value instanceof \Iterator) {
            return self::read($value);
        }
        $fields = self::fields($value);
        if ($fields !== []) {
            return ['fields:' . implode(',', array_keys($fields)), '[' . implode(', ', $fields) . ']'];
        }
        if ($value instanceof \Stringable) {
            return ['repr', (string) self::literal((string) $value)];
        }
        return str_contains($value::class, '@') ? null : ['type', $value::class];
    }

    private static function read(\Traversable $value): ?array
    {
        $items = [];
        foreach ($value as $item) {
            $items[] = $item;
            if (count($items) > self::ITEMS_MAX) {
                return null;
            }
        }
        $text = self::literal($items);
        return $text !== null && strlen($text) <= self::TEXT_MAX ? ['items', $text] : null;
    }
}

// What a call did, before it is told.
final class Look
{
    public array $arguments = [];
    public array $before = [];
    public array $state = [];
    public ?object $here = null;
    public mixed $result = null;
    public ?array $seen = null;

    public function ready(array $arguments, ?object $here): void
    {
        $this->before = array_map(static fn (mixed $value) => Values::literal($value), $arguments);
        $this->here = $here;
        $this->state = Values::fields($here);
    }
}

final class Runner
{
    /** How often a call is made anew that does not give the same twice. */
    public const AGAIN = 8;
    /** Runs that all notice a mutant where answers vary: it is no accident. */
    public const STEADY = 4;
    private const KEYS = ['outcome', 'form', 'text', 'error', 'changed', 'state', 'printed'];

    /** Of random numbers; a test does not set it. */
    private int $seed = 0;
    /** @var array<int, true> */
    private array $throws = [];
    /** @var array<string, \Closure> */
    private array $compiled = [];

    public function __construct(public readonly array $request)
    {
        foreach (file($request['file']) as $i => $line) {
            if (preg_match('/\bthrow\b/', $line)) {
                $this->throws[$i + 1] = true;
            }
        }
        foreach ($request['autoload'] as $file) {
            require_once $file;
        }
        throw_warnings();
    }

    public function load(?string $text = null): void
    {
        ob_start();
        try {
            Clock::limit(max(1.0, $this->request['limit_s']), fn () => Variant::load($this->request['file'], $text));
        } catch (OutOfTime) {
            throw new \Exception('loading it takes too long');
        } finally {
            ob_end_clean();
        }
    }

    /** What came of it, as told to Leyden. The clock runs for all of it, also for reading the answer. */
    public function run(array $one, ?float $limit = null): array
    {
        $begin = Clock::cpu();
        $out = $this->look($one, $limit ?? $this->request['limit_s']);
        $out['ms'] = round((Clock::cpu() - $begin) * 1000, 2);
        return $out;
    }

    /** On another day, with another seed of random numbers: a test sets neither. */
    public function runElsewhere(array $one, int $number): array
    {
        $this->seed = $number;
        putenv('LEYDEN_CLOCK=' . (-34567890 - 3200107 * $number));
        $out = $this->run($one);
        $this->seed = 0;
        putenv('LEYDEN_CLOCK');
        return $out;
    }

    /** Whether a test made of one passes on the other. */
    public static function same(array $left, array $right): bool
    {
        if ($left['varies'] ?? false) {
            return self::meets($left, $right);
        }
        foreach (self::KEYS as $key) {
            if (($left[$key] ?? null) != ($right[$key] ?? null)) {
                return false;
            }
        }
        return true;
    }

    /** Whether another call gives what several had in common. */
    private static function meets(array $common, array $got): bool
    {
        if ($got['outcome'] !== 'value') {
            return false;
        }
        $meant = $common['form'] === 'matches'
            ? $got['form'] === 'value' && $got['kind'] === 'string' && preg_match('/^(?:' . $common['text'] . ')$/D', substr($got['text'], 1, -1)) === 1
            : $common['form'] === $got['form'] && $common['text'] === $got['text'];
        foreach (['changed', 'state'] as $key) {
            $meant = $meant && array_diff_assoc($common[$key] ?? [], $got[$key] ?? []) === [];
        }
        return $meant && (!isset($common['printed']) || $common['printed'] === ($got['printed'] ?? null));
    }

    private function look(array $one, float $limit): array
    {
        mt_srand($this->seed);
        $look = new Look();
        $error = null;
        $level = ob_get_level();
        ob_start();
        try {
            Clock::limit($limit, function () use ($one, $look): void {
                $look->result = $this->bodyOf($one)($look);
                $look->seen = Values::observed($look->result);
            });
        } catch (OutOfTime) {
            return ['outcome' => 'time'];
        } catch (\Throwable $caught) { // Whatever the program raises is its answer.
            $error = $caught;
        } finally {
            $printed = '';
            while (ob_get_level() > $level) {
                $printed = ob_get_clean() . $printed;
            }
        }
        return $error !== null ? $this->toldOfError($error) : $this->toldOfValue($look, $printed);
    }

    private function bodyOf(array $one): \Closure
    {
        $lines = [];
        $names = [];
        foreach ($one['arguments'] as [$name, $text]) {
            $lines[] = "$name = $text;";
            $names[] = "'" . substr($name, 1) . "' => &$name";
        }
        $lines[] = '$leyden_look->arguments = [' . implode(', ', $names) . '];';
        $lines = [...$lines, ...$one['setup']];
        $lines[] = '$leyden_look->ready($leyden_look->arguments, ' . ($one['receiver'] ?: 'null') . ');';
        $lines[] = 'return ' . $one['call'] . ';';
        $text = 'declare(strict_types=1); ' . $this->request['head'] . ' return static function ($leyden_look) { ' . implode("\n", $lines) . ' };';
        return $this->compiled[$text] ??= eval($text); // leyden:ignore php.eval runs the code that is tested, inside the sandbox
    }

    private function toldOfValue(Look $look, string $printed): array
    {
        if ($look->seen === null) {
            return ['outcome' => 'unsayable'];
        }
        $out = ['outcome' => 'value', 'form' => $look->seen[0], 'text' => $look->seen[1], 'kind' => get_debug_type($look->result)];
        $changed = [];
        foreach ($look->arguments as $name => $value) {
            $text = Values::literal($value);
            if ($text !== null && isset($look->before[$name]) && $text !== $look->before[$name] && strlen($text) <= Values::TEXT_MAX) {
                $changed['$' . $name] = $text;
            }
        }
        if ($changed !== []) {
            $out['changed'] = $changed;
        }
        $after = Values::fields($look->here);
        $moved = array_diff_assoc($after, $look->state) ?: ($look->result === null ? $after : []);
        if ($moved !== []) {
            $out['state'] = $moved;
        }
        if ($printed !== '' && strlen($printed) <= Values::TEXT_MAX) {
            $out['printed'] = Values::literal($printed);
        }
        return $out;
    }

    private function toldOfError(\Throwable $error): array
    {
        $here = $error->getFile() === $this->request['file'];
        if (str_contains($error::class, '@')) {
            return ['outcome' => 'unsayable'];
        }
        $raised = $here && isset($this->throws[$error->getLine()]) ? $error->getLine() : 0;
        $out = ['outcome' => 'error', 'error' => $error::class, 'raised' => $raised];
        if ($here && $raised === 0 && preg_match('/^(Call to undefined function|Undefined constant|Class "[^"]*" not found)/', $error->getMessage())) {
            $out['message'] = substr($error->getMessage(), 0, 200);
        }
        return $out;
    }
}

function explore(Runner $runner, callable $answer): void
{
    $coverage = new Coverage($runner->request['file']);
    $runner->load();
    $first = $coverage->take();
    $answer(['goals' => ['lines' => $first['lines'], 'branches' => $first['branches']], 'loaded' => $first['arcs']]);
    $seen = [];
    foreach ([...$runner->request['seen'], ...$first['arcs']] as [$from, $to]) {
        $seen["$from,$to"] = true;
    }
    $limit = $runner->request['limit_s'];
    $late = 0;
    foreach ($runner->request['inputs'] as $i => $one) {
        $answer(['begin' => $i]);
        $out = $runner->run($one, $late > LATE_MAX ? $limit / 4 : $limit);
        $late += $out['outcome'] === 'time' ? 1 : 0;
        $fresh = array_values(array_filter($coverage->take()['arcs'], static fn (array $arc) => !isset($seen["$arc[0],$arc[1]"])));
        $told = ['input' => $i] + array_intersect_key($out, ['outcome' => 1, 'ms' => 1, 'error' => 1, 'raised' => 1, 'message' => 1]);
        if ($fresh !== [] && ($out['outcome'] === 'value' || ($out['raised'] ?? 0) > 0)) {
            foreach ($fresh as [$from, $to]) {
                $seen["$from,$to"] = true;
            }
            $told['fresh'] = $fresh;
        }
        $answer($told);
    }
}

function confirm(Runner $runner, callable $answer): void
{
    $coverage = new Coverage($runner->request['file']);
    $coverage->branches_always = true;
    $runner->load();
    foreach ($runner->request['inputs'] as $i => $one) {
        $answer(['begin' => $i]);
        $coverage->take();
        $first = $runner->run($one);
        $arcs = $coverage->take()['arcs'];
        $others = [$first['outcome'] === 'time' ? $first : $runner->runElsewhere($one, 1)];
        $out = ['input' => $i, 'reached' => $arcs, 'ms' => $others[0]['ms'], 'stable' => Runner::same($first, $others[0])] + $first;
        if (!$out['stable'] && $first['outcome'] === 'value') {
            foreach (range(2, Runner::AGAIN) as $number) {
                $others[] = $runner->runElsewhere($one, $number);
            }
            $out['others'] = $others;
        }
        $answer($out);
    }
}

/** Every mutant in a process of its own that has not loaded the original. */
function mutants(Runner $runner, callable $answer): void
{
    Clock::stop();
    foreach ($runner->request['mutants'] as $number => $mutant) {
        if ($mutant['skip'] ?? false) {
            continue;
        }
        $answer(['mutant' => $number, 'begin' => true]);
        $told = in_child(30, static function (callable $say) use ($runner, $mutant): void {
            Clock::start();
            judge($runner, $mutant, $say);
            Clock::stop();
        });
        $answer(['mutant' => $number] + ($told ?? ['killers' => array_slice($mutant['inputs'], 0, 1)]));
    }
}

function judge(Runner $runner, array $mutant, callable $say): void
{
    try {
        $runner->load(Variant::textOf($runner->request['file'], $mutant));
    } catch (\ParseError) {
        $say(['invalid' => true]);
        return;
    } catch (\Throwable) {
        $say(['killers' => array_slice($mutant['inputs'], 0, 1)]);
        return;
    }
    foreach ($mutant['inputs'] as $i) {
        $one = $runner->request['inputs'][$i];
        // A mutant that takes far longer than the original is noticed: it may never end.
        $limit = min($runner->request['limit_s'], 0.03 + $one['ms'] / 1000 * 20);
        $runs = ($one['expected']['varies'] ?? false) ? Runner::STEADY : 1;
        while ($runs > 0 && !Runner::same($one['expected'], $runner->run($one, $limit))) {
            --$runs;
        }
        if ($runs === 0) {
            $say(['killers' => [$i]]);
            return;
        }
    }
    $say(['killers' => []]);
}

function examples(Runner $runner, callable $answer): void
{
    $runner->load();
    foreach ($runner->request['examples'] as $example) {
        $as_input = static fn (string $call) => ['arguments' => [], 'setup' => [], 'receiver' => '', 'call' => $call];
        $want = $runner->run($as_input($example['expected']));
        $got = $runner->run($as_input($example['call']));
        if (($want['form'] ?? '') !== 'value' || !in_array($got['outcome'], ['value', 'error'], true)) {
            continue; // Not meant for a machine.
        }
        if (($got['outcome'] === 'error' && $got['raised'] === 0) || ($got['text'] ?? null) === $want['text']) {
            continue;
        }
        $answer(['example' => $example['call'], 'line' => $example['line'], 'function' => $example['function'], 'want' => $example['expected'],
            'got' => $got['outcome'] === 'error' ? $got['error'] : $got['text']]);
    }
}

$request = json_decode((string) file_get_contents($argv[1]), true);
$answers = fopen($argv[2], 'w');
$answer = static fn (array $line) => fwrite($answers, json($line) . "\n");
try {
    Clock::start();
    $runner = new Runner($request);
    match ($request['mode']) {
        'explore' => explore($runner, $answer),
        'confirm' => confirm($runner, $answer),
        'mutants' => mutants($runner, $answer),
        'examples' => examples($runner, $answer),
    };
    $answer(['done' => true]);
} catch (\Throwable $error) {
    $answer(['failed' => substr($error::class . ': ' . $error->getMessage(), 0, 500)]);
}
Clock::stop();
posix_kill(posix_getpid(), SIGKILL); // Nothing that the program left keeps it.
