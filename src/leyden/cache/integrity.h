#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>

#include "leyden/base/digest.h"

namespace leyden::cache {

// How a stored value proves that it is what was written: by a checksum, in stores that only this user
// can write to; by a message authentication code, in stores that others can reach. A value that was
// written the one way is corrupt for who reads the other way. A plain value; const is safe to share.
class Integrity {
 public:
  // XXH3-64: finds accidents. 0.1 us for 1 KB.
  Integrity() = default;
  // AES-256-GMAC under a key derived from the installation's secret (base/secret.h): nobody without
  // it can make a value that passes, or move one to another name. Processes that share a store share
  // the secret. 0.5 us for 1 KB, 1.5 us for 10 KB; writing takes 1 us more, for the nonce.
  [[nodiscard]] static Integrity keyed(const Secret& installation);

  [[nodiscard]] bool is_keyed() const { return key_.has_value(); }
  // Only when keyed.
  [[nodiscard]] const Secret& key() const { return *key_; }

 private:
  std::optional<Secret> key_;
};

// The primitive, for codec.cc and its tests (NIST SP 800-38D with nothing to encrypt). The nonce must
// be another one for every value under one key: 96 random bits, which is safe for 2^32 values
// written under one secret.
using GmacNonce = std::array<std::byte, 12>;
using GmacTag = std::array<std::byte, 16>;
[[nodiscard]] GmacNonce random_nonce();
// Over the parts as if they were one. The lengths of all but the last must be fixed.
[[nodiscard]] GmacTag gmac(const Secret& key, const GmacNonce& nonce,
                           std::initializer_list<BytesView> parts);
// Takes the same time for any two tags.
[[nodiscard]] bool equal(const GmacTag& left, const GmacTag& right);

}  // namespace leyden::cache
