<?php

// Loaded before a driver: Xdebug looks at the tested file only. What is compiled before it is told so is counted, too, and makes all slow.

declare(strict_types=1);

if (in_array('coverage', xdebug_info('mode'), true)) {
    xdebug_set_filter(XDEBUG_FILTER_CODE_COVERAGE, XDEBUG_PATH_INCLUDE, [json_decode((string) file_get_contents($_SERVER['argv'][1]), true)['file']]);
}
