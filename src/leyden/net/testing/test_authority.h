#pragma once

#include <filesystem>
#include <memory>
#include <string>

struct ssl_ctx_st;

namespace leyden::net::testing {

// A certificate authority of a test's own, whose certificate is in a file as long as it lives.
class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }  // PEM.
  // What a server needs to be one of these: "DNS:localhost,IP:127.0.0.1".
  [[nodiscard]] std::shared_ptr<ssl_ctx_st> server(const std::string& names) const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::filesystem::path file_;
};

}  // namespace leyden::net::testing
