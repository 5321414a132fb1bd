<?php

// Runs files of tests again and again inside the sandbox: in other orders, and each test alone, every time in a process of its own. Leyden
// writes the request and reads the answers, one JSON object a line.
//
//     php phpunit_runs.php REQUEST ANSWERS
//
// request: {tests: [files], with_class, shuffled, alone, first_decides, seed, limit_s, measure, file, autoload, mutants}

declare(strict_types=1);

namespace Leyden;

require __DIR__ . '/php_variants.php';

putenv('LD_PRELOAD');

/** Every test of these files, data sets by themselves. @return list<\PHPUnit\Framework\TestCase> */
function collected(array $files): array
{
    $known = get_declared_classes();
    foreach ($files as $file) {
        require_once $file;
    }
    $out = [];
    foreach (array_diff(get_declared_classes(), $known) as $class) {
        $kind = new \ReflectionClass($class);
        if (!$kind->isSubclassOf(\PHPUnit\Framework\TestCase::class) || $kind->isAbstract()) {
            continue;
        }
        $suite = method_exists(\PHPUnit\Framework\TestSuite::class, 'fromClassReflector') ? \PHPUnit\Framework\TestSuite::fromClassReflector($kind) : new \PHPUnit\Framework\TestSuite($kind);
        foreach (new \RecursiveIteratorIterator($suite->getIterator()) as $test) {
            $out[] = $test;
        }
    }
    return array_values(array_filter($out, static fn (object $test) => $test instanceof \PHPUnit\Framework\TestCase && $test->getName() !== 'Warning'));
}

function name_of(object $test, bool $with_class): string
{
    $name = method_exists($test, 'name') ? $test->name() : $test->getName(false);
    return $with_class ? $test::class . '::' . $name : $name;
}

function outcome_of(object $test): array
{
    static $set_up = [];
    try {
        if (!isset($set_up[$test::class])) {
            $set_up[$test::class] = true;
            $test::class::setUpBeforeClass();
        }
        $test->runBare();
        return ['passed', ''];
    } catch (\PHPUnit\Framework\SkippedTest | \PHPUnit\Framework\IncompleteTest) {
        return ['skipped', ''];
    } catch (\Throwable $error) {
        $more = $error instanceof \PHPUnit\Framework\ExpectationFailedException ? $error->getComparisonFailure()?->getDiff() : '';
        return ['failed', substr($error->getMessage() . $more, 0, 1200)];
    }
}

function run(array $request, bool $measured, ?array $mutant, callable $chosen): array
{
    $coverage = $measured ? new Coverage($request['file']) : null;
    if ($coverage !== null) {
        $coverage->branches_always = true;
    }
    ob_start();
    try {
        if ($mutant !== null) {
            Variant::load($request['file'], Variant::textOf($request['file'], $mutant));
        }
        $tests = collected($request['tests']);
    } catch (\Throwable $error) {
        return ['outcomes' => [], 'errors' => [substr($error::class . ': ' . $error->getMessage(), 0, 600)]];
    }
    $outcomes = [];
    foreach ($chosen($tests) as $test) { // One with several data sets is one test, and as good as the worst of them.
        $name = name_of($test, $request['with_class']);
        if (($outcomes[$name][1] ?? 'passed') === 'passed') {
            $outcomes[$name] = [$name, ...outcome_of($test)];
        }
    }
    return ['outcomes' => array_values($outcomes), 'errors' => []] + ($coverage !== null ? ['reached' => $coverage->take()['arcs']] : []);
}

$request = json_decode((string) file_get_contents($argv[1]), true);
$answers = fopen($argv[2], 'w');
$answer = static fn (array $line) => fwrite($answers, json($line) . "\n");
foreach ($request['autoload'] as $file) {
    require_once $file;
}
if (!class_exists(\PHPUnit\Framework\TestCase::class)) {
    $answer(['failed' => 'no PHPUnit']);
    exit(1);
}
throw_warnings();
$told_by = static function (string $name, float $limit_s, callable $chosen, bool $measured = false, ?array $mutant = null) use ($request, $answer): array {
    $told = in_child($limit_s, static fn (callable $say) => $say(run($request, $measured, $mutant, $chosen)));
    $told ??= ['outcomes' => [], 'broken' => 'timed out or ended without an answer'];
    $answer(['run' => $name] + $told);
    return $told;
};
$all = static fn (array $tests): array => $tests;
$first = $told_by('first', $request['limit_s'], $all, $request['measure']);
$good = !isset($first['broken']) && $first['outcomes'] !== [] && array_filter($first['outcomes'], static fn (array $one) => $one[1] !== 'passed') === [];
if ($good || !$request['first_decides']) {
    for ($i = 0; $i < $request['shuffled']; ++$i) {
        $told_by("shuffled $i", $request['limit_s'], static function (array $tests) use ($request, $i): array {
            mt_srand($request['seed'] + $i);
            shuffle($tests);
            return $tests;
        });
    }
    foreach ($request['alone'] ? array_column($first['outcomes'], 0) : [] as $name) {
        $told_by("alone $name", $request['limit_s'], static fn (array $tests): array => array_filter($tests, static fn (object $test) => name_of($test, false) === $name));
    }
    foreach ($request['mutants'] as $number => $mutant) {
        $told_by("mutant $number", min(5, $request['limit_s']), $all, false, $mutant);
    }
}
$answer(['done' => true]);
