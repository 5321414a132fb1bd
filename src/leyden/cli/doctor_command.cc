#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <sys/stat.h>

#include "leyden/base/checkup.h"
#include "leyden/base/clock.h"
#include "leyden/base/secret.h"
#include "leyden/base/utf8.h"
#include "leyden/cache/stores/lmdb/lmdb_checkup.h"
#include "leyden/cache/stores/redis/redis_checkup.h"
#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/model_servers.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/session.h"
#include "leyden/cli/stats_board.h"
#include "leyden/cli/terminal.h"
#include "leyden/llm/http/server_checkup.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::cli {
namespace {

using nlohmann::json;

struct Flags {
  bool llm = false;
  std::optional<std::string> tokenizer;
  bool as_json = false;
  double timeout_s = 20;
};

struct Style {
  const char* name;
  const char* colour;
};
constexpr std::array<Style, 4> kStyles{
    {{"ok", "\x1b[32m"}, {"note", "\x1b[36m"}, {"warning", "\x1b[33m"}, {"problem", "\x1b[1;31m"}}};

const Style& style_of(Severity severity) { return kStyles[static_cast<std::size_t>(severity)]; }

std::size_t count(const std::vector<Finding>& findings, Severity severity) {
  return static_cast<std::size_t>(std::ranges::count(findings, severity, &Finding::severity));
}

// Keys names and, in a shared store, proves what was stored: whoever reads it can forge both.
std::vector<Finding> check_secret(const std::filesystem::path& file) {
  Findings out(file.string());
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) {
    if (errno == ENOENT) {
      out.ok("secret", "not there yet: the first command that needs it makes it");
    } else {
      out.problem("secret", std::generic_category().message(errno),
                  "make the file readable, or name another one in LEYDEN_SECRET_FILE");
    }
  } else if (!S_ISREG(status.st_mode) || status.st_size != sizeof(Secret)) {
    out.problem("secret", fmt::format("not a file of {} bytes", sizeof(Secret)),
                "restore it; or delete it, and the cached IDs are made anew under another one");
  } else if ((status.st_mode & 077) != 0) {
    out.problem("secret",
                fmt::format("others may read or change it (mode {:04o})", status.st_mode & 07777),
                fmt::format("chmod 600 {}", file.string()));
  } else {
    out.ok("secret", "there, and only its owner reads it");
  }
  return std::move(out.all());
}

// What `leyden test` can run tests with here, without flags: each said by a command in the sandbox.
void check_toolchains(const sandbox::Sandbox& sandbox, std::vector<Finding>& into) {
  struct Toolchain {
    const char* id;
    const char* command;  // Its first line says what there is.
    const char* advice;
  };
  static constexpr std::array<Toolchain, 8> kAll{{
      {"python",
       "python3 -c 'import pytest, sys; print(\"pytest\", pytest.__version__, \"on Python\", "
       "sys.version.split()[0])'",
       "install python3-pytest, or pytest in the project's .venv"},
      {"javascript", "node --version | sed 's/^v/Node /'", "install nodejs, 18 or newer"},
      {"c_and_cpp", "test -e /usr/include/gtest/gtest.h && c++ --version",
       "install g++ and libgtest-dev"},
      {"go", "go version", "install golang-go"},
      {"java", "test -e /usr/share/java/junit-jupiter-api.jar && javac -version",
       "install a JDK and junit5; a JUnit of the project's own or of Maven's will do, too"},
      {"rust", "rustc --version", "install rustc and cargo; those of rustup will do, too"},
      {"ruby", "ruby -rminitest -e 'puts %(Minitest #{Minitest::VERSION} on Ruby #{RUBY_VERSION})'",
       "install ruby and ruby-minitest"},
      {"php", "php -r 'exit(extension_loaded(\"xdebug\") ? 0 : 1);' && phpunit --version",
       "install php-cli, php-xdebug and phpunit"},
  }};
  Findings out("toolchains of leyden test");
  for (const Toolchain& one : kAll) {
    const auto ran = sandbox.run({.argv = {"/bin/sh", "-c", one.command},
                                  .environment = {{"GOCACHE", "/tmp/go"}},
                                  .input = {},
                                  .mounts = {}},
                                 {.memory_bytes = 2 * GiB, .process_count = 256});
    const std::string said = ran && ran->succeeded() ? ran->output.text : std::string();
    if (said.empty()) {
      out.note(one.id, "not found among the system's programs", one.advice);
    } else {
      out.ok(one.id, said.substr(0, said.find('\n')));
    }
  }
  std::ranges::move(out.all(), std::back_inserter(into));
}

std::vector<Finding> check_sandbox() {
  Findings out("sandbox");
  const auto sandbox = sandbox::Sandbox::open();
  if (!sandbox) {
    // Only `leyden test` needs it.
    out.warning("sandbox", sandbox.error().message,
                "until then `leyden test` runs nothing without --unsafe-no-sandbox");
    return std::move(out.all());
  }
  for (const sandbox::Wall& wall : (*sandbox)->walls()) {
    std::string id = wall.name;
    std::ranges::replace(id, ' ', '_');
    if (!wall.present) {
      out.warning(id, "missing", wall.detail);
    } else {
      out.ok(id, wall.detail);
    }
  }
  check_toolchains(**sandbox, out.all());
  return std::move(out.all());
}

// What tokenizing took here lately, whatever was tokenized; 0 before anything was.
double known_encode_us_per_kib(const Settings& settings) {
  const auto board = StatsBoard::read(settings.stats_folder());
  if (!board || !board->costs) return 0;
  return board->costs->encode_us_per_kib.value_or(0);
}

std::string to_text(const std::vector<Finding>& findings, bool colours) {
  std::string out;
  std::string_view where;
  for (const Finding& finding : findings) {
    if (finding.where != where) out += utf8::one_line(finding.where) + "\n";
    where = finding.where;
    const Style& style = style_of(finding.severity);
    out += fmt::format("  {}{:<8}{} {:<13} {}\n", colours ? style.colour : "", style.name,
                       colours ? "\x1b[0m" : "", finding.id, utf8::one_line(finding.seen));
    if (!finding.advice.empty())
      out += fmt::format("  {:>24}{}\n", "-> ", utf8::one_line(finding.advice));
  }
  return out + fmt::format("{} ok, {} notes, {} warnings, {} problems\n",
                           count(findings, Severity::ok), count(findings, Severity::note),
                           count(findings, Severity::warning), count(findings, Severity::problem));
}

json to_json(const std::vector<Finding>& findings, std::string_view place, std::string_view what) {
  json list = json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"id", finding.id},
                    {"severity", style_of(finding.severity).name},
                    {"where", finding.where},
                    {"seen", finding.seen},
                    {"advice", finding.advice}});
  }
  return {{place, what},
          {"findings", list},
          {"notes", count(findings, Severity::note)},
          {"warnings", count(findings, Severity::warning)},
          {"problems", count(findings, Severity::problem)}};
}

// What was found at one kind of place, for the user.
int tell(const std::vector<Finding>& findings, const Flags& flags, std::string_view place,
         std::string_view what) {
  write_stdout(flags.as_json ? json_line(to_json(findings, place, what))
                             : to_text(findings, stdout_is_terminal()));
  return count(findings, Severity::problem) > 0 ? kEnvironment : kDone;
}

int look_at_store(const Flags& flags, const Settings& settings, Deadline deadline) {
  const SystemClock clock;
  std::vector<Finding> findings;
  if (settings.redis_url) {
    auto options = cache::RedisStoreOptions::from_url(*settings.redis_url);
    if (!options) {
      return report({options.error().code, "REDIS_URL: " + options.error().message});
    }
    findings = cache::check_redis(*options, clock, deadline, known_encode_us_per_kib(settings));
  } else {
    findings = cache::check_lmdb({.folder = settings.store_folder(),
                                  .capacity_bytes = settings.store_budget_mb * MiB,
                                  .tenant_quota_bytes = settings.store_tenant_quota_mb * MiB,
                                  .ttl = std::chrono::seconds(settings.cache_ttl_s)},
                                 clock, deadline);
  }
  std::ranges::move(check_secret(settings.secret_file), std::back_inserter(findings));
  std::ranges::move(check_sandbox(), std::back_inserter(findings));
  return tell(findings, flags, "store", settings.redis_url ? "redis" : "lmdb");
}

int look_at_model_servers(const Flags& flags, const Settings& settings, Deadline deadline) {
  if (settings.llm.urls.empty()) {
    return report({Errc::invalid_argument,
                   "no model server is named: set LEYDEN_LLM_URL, or url in [llm] of leyden.toml"});
  }
  auto tokenizer = open_tokenizer(settings, flags.tokenizer);
  if (!tokenizer) return report(tokenizer.error());
  auto secret = load_or_create_secret(settings.secret_file);
  if (!secret) return report(secret.error());
  std::vector<Finding> findings;
  for (const std::string& url : settings.llm.urls) {
    auto options = model_server_options(settings, *secret);
    options.urls = {url};
    std::ranges::move(llm::check_model_server(options, **tokenizer, deadline),
                      std::back_inserter(findings));
  }
  return tell(findings, flags, "llm", fmt::format("{} servers", settings.llm.urls.size()));
}

int run_doctor(const Flags& flags, const Context& context) {
  const auto deadline = Deadline::after(std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::duration<double>(flags.timeout_s)));
  return flags.llm ? look_at_model_servers(flags, context.settings, deadline)
                   : look_at_store(flags, context.settings, deadline);
}

}  // namespace

void add_doctor_command(CLI::App& app, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("doctor",
                         "Looks at the token store, the sandbox and the toolchains of `leyden "
                         "test`, or at model servers, and says what to change");
  command->add_flag("--llm", flags->llm, "Look at the model servers that LEYDEN_LLM_URL names");
  command
      ->add_option("--tokenizer", flags->tokenizer,
                   "What theirs is compared with: a name or a file [default: LEYDEN_TOKENIZER]")
      ->needs("--llm");
  command->add_flag("--json", flags->as_json, "One JSON object on standard output");
  command->add_option("--timeout-s", flags->timeout_s, "Look no longer than so many seconds")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 3600.0));
  command->footer(
      "Changes no setting. Of the store it writes a few values that nobody else uses and removes "
      "them again; in the sandbox it asks each language's programs for their version; a model "
      "server generates two short answers. The "
      "exit code is 0 when there is no problem, else 5; notes and warnings are none.\n"
      "Examples: REDIS_URL=redis://cache:6379 leyden doctor\n"
      "          LEYDEN_LLM_URL=http://gpu1:8000 leyden doctor --llm --tokenizer tokenizer.json");
  command->callback([flags, &run] {
    run = [flags](const Context& context) { return run_doctor(*flags, context); };
  });
}

}  // namespace leyden::cli
