#include "leyden/cache/integrity.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace leyden::cache {
namespace {

// OpenSSL reports only lack of memory or a missing algorithm here: neither is something a caller can mend.
template <class T>
T must(T result) {
  if (!result) {
    std::fputs("leyden: OpenSSL has no AES-256-GCM, no random source or no memory\n", stderr);
    std::abort();
  }
  return result;
}

EVP_CIPHER* aes_256_gcm() {
  static EVP_CIPHER* const cipher = must(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  return cipher;
}

const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

struct ContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// Of one thread, set up for the key that it used last: making one takes longer than the MAC of a passage.
class KeyedContext {
 public:
  EVP_CIPHER_CTX* begin(const Secret& key, const GmacNonce& nonce) {
    if (context_ == nullptr || CRYPTO_memcmp(key_.data(), key.data(), key.size()) != 0) {
      context_.reset(must(EVP_CIPHER_CTX_new()));
      must(EVP_EncryptInit_ex2(context_.get(), aes_256_gcm(), raw(key.data()), raw(nonce.data()),
                               nullptr));
      key_ = key;
    } else {
      must(EVP_EncryptInit_ex2(context_.get(), nullptr, nullptr, raw(nonce.data()), nullptr));
    }
    return context_.get();
  }
  ~KeyedContext() { OPENSSL_cleanse(key_.data(), key_.size()); }

 private:
  std::unique_ptr<EVP_CIPHER_CTX, ContextFree> context_;
  Secret key_{};
};

}  // namespace

Integrity Integrity::keyed(const Secret& installation) {
  Integrity out;
  out.key_ =
      Hasher(installation).field("leyden token block MAC").field(std::uint64_t{1}).finish().bytes;
  return out;
}

GmacNonce random_nonce() {
  GmacNonce nonce{};
  must(RAND_bytes(reinterpret_cast<unsigned char*>(nonce.data()), static_cast<int>(nonce.size())) ==
       1);
  return nonce;
}

GmacTag gmac(const Secret& key, const GmacNonce& nonce, std::initializer_list<BytesView> parts) {
  thread_local KeyedContext keyed;
  EVP_CIPHER_CTX* const context = keyed.begin(key, nonce);
  constexpr std::size_t kPieceMax = std::numeric_limits<int>::max() / 2;
  int written = 0;
  for (BytesView part : parts) {
    while (!part.empty()) {
      const BytesView piece = part.first(std::min(part.size(), kPieceMax));
      must(EVP_EncryptUpdate(context, nullptr, &written, raw(piece.data()),
                             static_cast<int>(piece.size())));
      part = part.subspan(piece.size());
    }
  }
  GmacTag tag{};
  std::array<unsigned char, 16> nothing{};
  must(EVP_EncryptFinal_ex(context, nothing.data(), &written));
  must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()),
                           tag.data()) == 1);
  return tag;
}

bool equal(const GmacTag& left, const GmacTag& right) {
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace leyden::cache
