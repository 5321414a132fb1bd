#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "leyden/agents/qa/driver_session.h"
#include "leyden/agents/qa/toolchain.h"
#include "leyden/sandbox/sandbox.h"

namespace leyden::qa {

// Inside the sandbox.
inline constexpr const char* kDrivers = "/leyden";  // Our programs and request.json.
inline constexpr const char* kExchange = "/exchange";
inline constexpr const char* kRequestFile = "/leyden/request.json";
inline constexpr const char* kAnswersFile = "/exchange/answers.jsonl";

// A file that the sandbox's user can read, with the folders above it.
[[nodiscard]] Result<void> write_readable(const std::filesystem::path& path,
                                          const std::string& text);

// For the environment of programs that run tested code: LEYDEN_CLOCK, in seconds, is added to the wall clock that they see from then on (leyden_clock.c).
[[nodiscard]] std::pair<std::string, std::string> movable_clock();

// What a driver that stays is told: where requests come from, replies go, and each request, its answers and its errors are.
inline constexpr const char* kServeFiles[] = {"/leyden/requests", "/leyden/replies", kRequestFile,
                                              kAnswersFile, "/exchange/errors"};

// A folder with the drivers, what they are asked and what they answer. Removed with the object. Confined to one thread.
class DriverFolder {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DriverFolder>> make();
  ~DriverFolder();
  DriverFolder(const DriverFolder&) = delete;
  DriverFolder& operator=(const DriverFolder&) = delete;

  // A file beside the drivers.
  [[nodiscard]] Result<void> put_file(const std::string& name, const std::string& text) const {
    return write_readable(path_ / "drivers" / name, text);
  }
  void mount_into(sandbox::SandboxCommand& command) const;
  // Runs a command that reads kRequestFile and writes kAnswersFile, an object a line; the answers as far as it came.
  // Errors: those of the sandbox; unavailable (it did not start); corrupt (the tested program has written there).
  [[nodiscard]] Result<std::vector<nlohmann::json>> run(const sandbox::Sandbox& sandbox,
                                                        const sandbox::SandboxCommand& command,
                                                        const sandbox::SandboxLimits& limits,
                                                        const nlohmann::json& request,
                                                        const std::stop_token& stop);
  // The same by a driver that stays: `command` is what serves, started where it does not run yet; `driver` is the name of one that
  // it knows. It is given kServeFiles as arguments.
  [[nodiscard]] Result<std::vector<nlohmann::json>> ask(
      const sandbox::Sandbox& sandbox, const std::function<sandbox::SandboxCommand()>& command,
      const std::string& driver, const sandbox::SandboxLimits& limits,
      const nlohmann::json& request, const std::stop_token& stop);
  // Ends the driver that stays: the next request starts another.
  void end_driver();
  // Both for programs that read no JSON.
  [[nodiscard]] Result<std::vector<nlohmann::json>> ask_with_text(
      const sandbox::Sandbox& sandbox, const std::function<sandbox::SandboxCommand()>& command,
      const std::string& driver, const sandbox::SandboxLimits& limits, const std::string& request,
      const std::stop_token& stop);
  [[nodiscard]] Result<std::vector<nlohmann::json>> run_with_text(
      const sandbox::Sandbox& sandbox, const sandbox::SandboxCommand& command,
      const sandbox::SandboxLimits& limits, const std::string& request,
      const std::stop_token& stop);
  // A small file that a program has put into kExchange, which is gone behind this; empty: none, or nothing that is a file.
  [[nodiscard]] std::string taken(const std::string& name) const;
  // The host's place of kExchange.
  [[nodiscard]] std::filesystem::path exchange() const { return path_ / "exchange"; }
  // A file beside the drivers.
  [[nodiscard]] Result<void> put(const std::string& name, const std::string& text) const;
  // How the last run ended, with the end of what it said.
  [[nodiscard]] const std::string& last_trouble() const { return last_trouble_; }

 private:
  explicit DriverFolder(std::filesystem::path path) : path_(std::move(path)) {}
  [[nodiscard]] Result<void> put_request(const std::string& request) const;
  [[nodiscard]] Result<std::vector<nlohmann::json>> answers() const;
  std::filesystem::path path_;
  std::string last_trouble_;
  std::unique_ptr<DriverSession> session_;
};

// What a driver says came of an input; its `arcs` are for the toolchain to fill in.
[[nodiscard]] Observation observation_of(const nlohmann::json& line);

}  // namespace leyden::qa
