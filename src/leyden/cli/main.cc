#include <cerrno>
#include <exception>
#include <system_error>

#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/interrupt.h"
#include "leyden/cli/terminal.h"

namespace leyden::cli {

int report(const Error& error) {
  print_error(error.message);
  return exit_code_of(error.code);
}

namespace {

int run_leyden(int argc, char** argv) {
  CLI::App app(
      "Leyden keeps the token IDs of the context that LLM agents reuse: a passage is tokenized "
      "once, exactly, and prompts are "
      "joined from IDs.",
      "leyden");
  app.set_version_flag("--version", LEYDEN_VERSION);
  app.require_subcommand(1);
  app.footer("Begin with: leyden index FOLDER && leyden ask \"your question\"");
  Run run;
  add_index_command(app, run);
  add_ask_command(app, run);
  add_retrieve_command(app, run);
  add_tokenize_commands(app, run);
  add_tokenizer_command(app, run);
  add_warm_command(app, run);
  add_invalidate_command(app, run);
  add_session_command(app, run);
  add_stats_command(app, run);
  add_doctor_command(app, run);
  add_model_command(app, run);
  add_review_command(app, run);
  add_test_command(app, run);
  add_evolve_command(app, run);
  add_bench_command(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    print_error(std::string(error.what()) + " (leyden --help tells more)");
    return kUsage;
  }
  Interrupt interrupt;
  auto settings = read_settings();
  if (!settings) return report(settings.error());
  int code = run({.settings = *settings, .stop = interrupt.token()});
  if (interrupt.exit_code() != 0) return interrupt.exit_code();
  // What was to be read was not written whole: no success. A reader that went away (| head) knows, and hears nothing.
  if (int error = stdout_errno(); error != 0 && code == kDone) {
    if (error != EPIPE)
      print_error(std::string("can't write to standard output: ") +
                  std::generic_category().message(error));
    return kEnvironment;
  }
  return code;
}

}  // namespace
}  // namespace leyden::cli

int main(int argc, char** argv) {
  try {
    return leyden::cli::run_leyden(argc, argv);
  } catch (const std::exception& error) {
    leyden::cli::print_error(std::string("a bug of Leyden's: ") + error.what() +
                             "; please report it");
    return leyden::cli::kBug;
  }
}
