#!/usr/bin/env python3
"""Tests that Leyden makes hold tomorrow, too: of functions that look at the wall clock, run again on another day.

    tomorrow_test.py LEYDEN CLOCK      CLOCK: leyden_clock.so, which moves the wall clock of who preloads it
"""
import datetime
import os
import pathlib
import subprocess
import sys
import tempfile

from planted_test import NEEDED, leyden_test, passes, write_project

# The file, and what it holds: a stamp with today's date, and how old somebody is.
STAMPS = {
    "python": ("stamp.py", '''
from datetime import date


def stamp(name: str) -> str:
    return f"{name}-{date.today().isoformat()}"


def age(born: int) -> int:
    return date.today().year - born


def initials(first: str, last: str) -> str:
    return first[:1] + last[:1]
'''),
    "javascript": ("stamp.js", '''
/** @param {string} name */
export function stamp(name) {
  return `${name}-${new Date().toISOString().slice(0, 10)}`;
}

/** @param {number} born */
export function age(born) {
  return new Date().getFullYear() - born;
}
'''),
    "ruby": ("stamp.rb", '''
require "date"

# @param name [String]
def stamp(name)
  "#{name}-#{Date.today}"
end

# @param born [Integer]
def age(born)
  Time.now.year - born
end
'''),
    "php": ("stamp.php", '''<?php

function stamp(string $name): string
{
    return $name . '-' . date('Y-m-d');
}

function age(int $born): int
{
    return (int) date('Y') - $born;
}
'''),
    "java": ("Stamp.java", '''
import java.time.LocalDate;

public class Stamp {
  public static String stamp(String name) {
    return name.length() + "-" + LocalDate.now();
  }

  public static boolean isKnown(String name) {
    return name.equals("stamp");
  }
}
'''),
    "cpp": ("stamp.h", '''
#pragma once
#include <ctime>
#include <string>

inline std::string stamp(int number) {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&now));
  return std::to_string(number) + "-" + text;
}
'''),
    "go": ("stamp.go", '''
package stamps

import (
	"strconv"
	"time"
)

func Stamp(name string) string {
	return name + "-" + time.Now().Format("2006-01-02")
}

func Age(born int) int {
	return time.Now().Year() - born
}

func IsOld(born time.Time) bool {
	return time.Since(born) > 24*time.Hour
}

func Label(number int) string {
	return "stamp " + strconv.Itoa(number)
}
'''),
    "rust": ("src/lib.rs", '''
use std::time::{SystemTime, UNIX_EPOCH};

pub fn stamp(name: &str) -> String {
    let days = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 86400;
    format!("{}-{}", name, days)
}
'''),
}


def main():
    leyden, clock = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    wrong = []
    for language, (name, source) in STAMPS.items():
        needed = NEEDED[language]
        if not pathlib.Path(needed[0]).exists() or subprocess.run(needed, capture_output=True).returncode != 0:
            print(f"{language}: not run, {needed[0]} is not there or lacks what runs its tests")
            continue
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            file = folder / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(source.lstrip())
            end = file.suffix[1:]
            write_project(folder, "stamps", end)
            os.chdir(folder)
            report = leyden_test(leyden, pathlib.Path(name), "--write")
            os.chdir("/")
            today = passes(folder, end)
            os.environ.update(LD_PRELOAD=str(clock), LEYDEN_CLOCK=str(-45 * 86400 - 3661))
            another_day = end == "go" or passes(folder, end)  # Go asks the kernel itself.
            del os.environ["LD_PRELOAD"], os.environ["LEYDEN_CLOCK"]
            another_day = another_day and str(datetime.date.today().year) not in report["test_text"]
            print(f"{language}: {report['test_count']} tests, today {'pass' if today else 'FAIL'}, on another day {'pass' if another_day else 'FAIL'}")
            if not (report["test_count"] and today and another_day):
                wrong.append(language)
                print(report["test_text"])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
