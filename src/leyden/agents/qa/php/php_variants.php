<?php

// What the drivers have in common: the tested file as it is or as a mutant, what was reached in it, limits of time, and work in a child.

declare(strict_types=1);

namespace Leyden;

// An Error, so that fewer programs catch it; who does is told again.
final class OutOfTime extends \Error
{
}

// Serves another text for one file while it is loaded; the rest is read as it is.
final class Variant
{
    public static string $file = '';
    public static string $text = '';
    /** @var resource|null */
    public $context;
    /** @var resource */
    private $stream;

    public static function load(string $file, ?string $text): void
    {
        if ($text === null) {
            require_once $file;
            return;
        }
        [self::$file, self::$text] = [$file, $text];
        self::put();
        try {
            require_once $file;
        } finally {
            stream_wrapper_restore('file');
        }
    }

    /** @param array{begin: int, end: int, text: string} $mutant */
    public static function textOf(string $file, array $mutant): string
    {
        $original = (string) file_get_contents($file);
        return substr($original, 0, $mutant['begin']) . $mutant['text'] . substr($original, $mutant['end']);
    }

    private static function put(): void
    {
        stream_wrapper_unregister('file');
        stream_wrapper_register('file', self::class);
    }

    private static function asItIs(callable $work): mixed
    {
        stream_wrapper_restore('file');
        try {
            return $work();
        } finally {
            self::put();
        }
    }

    public function stream_open(string $path, string $mode, int $options, ?string &$opened): bool
    {
        $stream = self::asItIs(function () use ($path, $mode, $options) {
            if ($path !== self::$file) {
                return @fopen($path, $mode, (bool) ($options & STREAM_USE_PATH));
            }
            $memory = fopen('php://memory', 'w+');
            fwrite($memory, self::$text);
            rewind($memory);
            return $memory;
        });
        $this->stream = $stream;
        return $stream !== false;
    }

    public function stream_read(int $count): string|false
    {
        return fread($this->stream, $count);
    }

    public function stream_write(string $data): int
    {
        return (int) fwrite($this->stream, $data);
    }

    public function stream_eof(): bool
    {
        return feof($this->stream);
    }

    /** @return array<int|string, int>|false */
    public function stream_stat(): array|false
    {
        return fstat($this->stream);
    }

    public function stream_seek(int $offset, int $whence): bool
    {
        return fseek($this->stream, $offset, $whence) === 0;
    }

    public function stream_tell(): int
    {
        return (int) ftell($this->stream);
    }

    public function stream_close(): void
    {
        fclose($this->stream);
    }

    public function stream_set_option(int $option, int $one, int $two): bool
    {
        return false;
    }

    /** @return array<int|string, int>|false */
    public function url_stat(string $path, int $flags): array|false
    {
        return self::asItIs(fn () => @stat($path));
    }
}

// By the processor's time, so that a busy machine changes nothing; what waits ends a good while later. A child of this process ticks.
final class Clock
{
    private const TOLD_MAX = 20;
    private static int $told = 0;
    private static float $late = 0;
    private static float $very_late = 0;
    private static int $ticker = 0;

    public static function start(): void
    {
        pcntl_async_signals(true);
        pcntl_signal(SIGALRM, static function (): void {
            if (self::$late > 0 && (self::cpu() > self::$late || microtime(true) > self::$very_late)) {
                if (++self::$told > self::TOLD_MAX) {
                    posix_kill(posix_getpid(), SIGKILL); // Who catches it again and again costs the process.
                }
                throw new OutOfTime('out of time');
            }
        });
        $worker = getmypid();
        self::$ticker = pcntl_fork();
        if (self::$ticker !== 0) {
            return;
        }
        pcntl_signal(SIGALRM, SIG_IGN);
        while (posix_getppid() === $worker) {
            usleep(20_000);
            posix_kill($worker, SIGALRM);
        }
        posix_kill(posix_getpid(), SIGKILL);
    }

    public static function stop(): void
    {
        posix_kill(self::$ticker, SIGKILL);
    }

    public static function cpu(): float
    {
        $usage = getrusage();
        return $usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec'] + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) / 1e6;
    }

    public static function limit(float $seconds, callable $work): mixed
    {
        self::$told = 0;
        [self::$late, self::$very_late] = [self::cpu() + $seconds, microtime(true) + $seconds * 10];
        try {
            return $work();
        } finally {
            self::$late = 0;
        }
    }
}

// Xdebug's. A line is told as (line, line), a way out of a branch as (line, -number), where the number comes from its place.
final class Coverage
{
    private const PATHS_MAX = 256; // More make each look at it slow.

    private int $flags = XDEBUG_CC_UNUSED | XDEBUG_CC_DEAD_CODE | XDEBUG_CC_BRANCH_CHECK;

    public function __construct(private string $file)
    {
        xdebug_start_code_coverage($this->flags);
    }

    /** What was reached since the last call, and what could be. @return array{arcs: list<array{int, int}>, lines: list<int>, branches: list<array{int, int}>} */
    public function take(): array
    {
        $told = xdebug_get_code_coverage()[$this->file] ?? [];
        xdebug_stop_code_coverage(true);
        $out = ['arcs' => [], 'lines' => [], 'branches' => []];
        foreach ($told['lines'] ?? [] as $line => $count) {
            if ($count !== -2) {
                $out['lines'][] = $line;
            }
            if ($count > 0) {
                $out['arcs'][] = [$line, $line];
            }
        }
        $paths = 0;
        foreach ($told['functions'] ?? [] as $name => $function) {
            $paths += count($function['paths']);
            foreach ($function['branches'] as $at => $branch) {
                self::addWays($out, $name . '|' . $at, $branch);
            }
        }
        $this->pathsSeen($paths);
        xdebug_start_code_coverage($this->flags);
        return $out;
    }

    public bool $branches_always = false;

    private function pathsSeen(int $paths): void
    {
        if ($paths > self::PATHS_MAX && !$this->branches_always) {
            $this->flags = XDEBUG_CC_UNUSED;
        }
    }

    /** @param array<string, mixed> $branch */
    private static function addWays(array &$out, string $place, array $branch): void
    {
        if (count($branch['out']) < 2) {
            return;
        }
        foreach (array_keys($branch['out']) as $i) {
            $arc = [$branch['line_end'], -(crc32($place . '|' . $i) & 0x7fffffff) - 1];
            $out['branches'][] = $arc;
            if ($branch['out_hit'][$i] > 0) {
                $out['arcs'][] = $arc;
            }
        }
    }
}

/** What a child says last; null where it says nothing or takes too long. */
function in_child(float $limit_s, callable $work): ?array
{
    [$reading, $writing] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    $child = pcntl_fork();
    if ($child === 0) {
        fclose($reading);
        posix_setpgid(0, 0);
        try {
            $work(static fn (array $told) => fwrite($writing, json($told) . "\n"));
        } catch (\Throwable) {
            // What it has told is all that counts.
        }
        posix_kill(0, SIGKILL);
    }
    fclose($writing);
    $text = '';
    $end = microtime(true) + $limit_s;
    stream_set_blocking($reading, false);
    while (!feof($reading) && ($left = $end - microtime(true)) > 0) {
        $read = [$reading];
        $none = null;
        if (@stream_select($read, $none, $none, (int) $left, (int) (fmod($left, 1) * 1e6)) > 0) {
            $text .= fread($reading, 1 << 16);
        }
    }
    posix_kill(-$child, SIGKILL);
    posix_kill($child, SIGKILL);
    pcntl_waitpid($child, $status);
    if (!str_ends_with($text, "\n")) {
        return null;
    }
    $lines = explode("\n", rtrim($text, "\n"));
    return json_decode(end($lines), true);
}

function json(array $line): string
{
    return json_encode($line, JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION);
}

/** Warnings end a call as they end a test; what is deprecated does not. */
function throw_warnings(): void
{
    error_reporting(E_ALL);
    set_error_handler(static function (int $severity, string $message, string $file, int $line): bool {
        if ((error_reporting() & $severity) === 0 || ($severity & (E_DEPRECATED | E_USER_DEPRECATED)) !== 0) {
            return true;
        }
        throw new \ErrorException($message, 0, $severity, $file, $line);
    });
}
