#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"

namespace leyden {

// 256 bits. As a name it can't collide by accident or, when keyed, by design.
struct Digest {
  std::array<std::byte, 32> bytes{};

  friend auto operator<=>(const Digest&, const Digest&) = default;
  [[nodiscard]] std::string hex() const;
  [[nodiscard]] static Result<Digest> from_hex(std::string_view hex);
  [[nodiscard]] static Result<Digest> from_bytes(BytesView bytes);
};

// The secret that keys names and checks. Never printed, never stored beside what it protects.
using Secret = std::array<std::byte, 32>;

// BLAKE2b (RFC 7693), keyed with 256 bits of output or plain with the first 256 of 512, over fields that are each preceded by their length
// (64-bit little-endian), so that ("ab","c") and ("a","bc") differ. Confined to one thread.
class Hasher {
 public:
  Hasher();
  explicit Hasher(const Secret& key);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  Hasher& field(BytesView bytes);
  Hasher& field(std::string_view text) { return field(as_bytes(text)); }
  Hasher& field(std::uint64_t number);
  Hasher& field(const Digest& digest) { return field(BytesView(digest.bytes)); }
  // Ends the computation: the hasher must not be used after it.
  [[nodiscard]] Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// For hash tables in memory: a digest's bits are already uniform.
struct DigestHash {
  std::size_t operator()(const Digest& digest) const noexcept;
};

}  // namespace leyden
