#include "leyden/base/digest.h"

#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace leyden {
namespace {

// OpenSSL reports only lack of memory or a missing algorithm here: neither is something a caller can mend.
template <class T>
T must(T result) {
  if (!result) {
    fmt::print(stderr, "leyden: OpenSSL has no BLAKE2b or no memory\n");
    std::abort();
  }
  return result;
}

EVP_MAC* blake2b_mac() {
  static EVP_MAC* const mac = must(EVP_MAC_fetch(nullptr, "BLAKE2BMAC", nullptr));
  return mac;
}

}  // namespace

std::string Digest::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(bytes.size() * 2, '0');
  char* to = out.data();
  for (std::byte b : bytes) {
    *to++ = kDigits[std::to_integer<unsigned>(b) >> 4];
    *to++ = kDigits[std::to_integer<unsigned>(b) & 15U];
  }
  return out;
}

Result<Digest> Digest::from_hex(std::string_view hex) {
  Digest digest;
  if (hex.size() != digest.bytes.size() * 2) {
    return fail(Errc::invalid_argument, "a digest has 64 hexadecimal digits, not {}", hex.size());
  }
  auto value = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
    int high = value(hex[2 * i]);
    int low = value(hex[2 * i + 1]);
    if (high < 0 || low < 0) {
      return fail(Errc::invalid_argument, "not a hexadecimal digit at {}", 2 * i);
    }
    digest.bytes[i] = static_cast<std::byte>(high * 16 + low);
  }
  return digest;
}

Result<Digest> Digest::from_bytes(BytesView bytes) {
  Digest digest;
  if (bytes.size() != digest.bytes.size()) {
    return fail(Errc::invalid_argument, "a digest has 32 bytes, not {}", bytes.size());
  }
  std::memcpy(digest.bytes.data(), bytes.data(), bytes.size());
  return digest;
}

struct Hasher::State {
  EVP_MAC_CTX* mac = nullptr;    // Keyed.
  EVP_MD_CTX* digest = nullptr;  // Not keyed.

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    EVP_MAC_CTX_free(mac);
    EVP_MD_CTX_free(digest);
  }
  void update(BytesView bytes) const {
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    must(mac != nullptr ? EVP_MAC_update(mac, data, bytes.size())
                        : EVP_DigestUpdate(digest, data, bytes.size()));
  }
};

namespace {

EVP_MD* blake2b_512() {
  static EVP_MD* const md = must(EVP_MD_fetch(nullptr, "BLAKE2B-512", nullptr));
  return md;
}

}  // namespace

// OpenSSL 3.0 gives plain BLAKE2b with 512 bits only: the first 256 of them are used, which is as strong a name.
Hasher::Hasher() : state_(std::make_unique<State>()) {
  state_->digest = must(EVP_MD_CTX_new());
  must(EVP_DigestInit_ex(state_->digest, blake2b_512(), nullptr));
}

Hasher::Hasher(const Secret& key) : state_(std::make_unique<State>()) {
  state_->mac = must(EVP_MAC_CTX_new(blake2b_mac()));
  std::size_t size = sizeof(Digest::bytes);
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                             OSSL_PARAM_construct_end()};
  must(EVP_MAC_init(state_->mac, reinterpret_cast<const unsigned char*>(key.data()), key.size(),
                    parameters));
}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

Hasher& Hasher::field(std::uint64_t number) {
  std::array<std::byte, 8> little{};
  for (std::size_t i = 0; i < little.size(); ++i) {
    little[i] = static_cast<std::byte>(number >> (8 * i));
  }
  return field(BytesView(little));
}

Hasher& Hasher::field(BytesView bytes) {
  std::array<std::byte, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<std::byte>(static_cast<std::uint64_t>(bytes.size()) >> (8 * i));
  }
  state_->update(length);
  state_->update(bytes);
  return *this;
}

Digest Hasher::finish() {
  Digest out;
  std::array<unsigned char, 64> full{};
  if (state_->mac != nullptr) {
    std::size_t written = 0;
    must(EVP_MAC_final(state_->mac, full.data(), &written, full.size()));
    assert(written == out.bytes.size());
  } else {
    must(EVP_DigestFinal_ex(state_->digest, full.data(), nullptr));
  }
  std::memcpy(out.bytes.data(), full.data(), out.bytes.size());
  state_.reset();
  return out;
}

std::size_t DigestHash::operator()(const Digest& digest) const noexcept {
  std::size_t value = 0;
  std::memcpy(&value, digest.bytes.data(), sizeof(value));
  return value;
}

}  // namespace leyden
