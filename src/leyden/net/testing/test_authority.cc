#include "leyden/net/testing/test_authority.h"

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace leyden::net::testing {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

void need(bool well) {
  if (!well) std::abort();
}

Key new_key() { return {EVP_EC_gen("P-256"), &EVP_PKEY_free}; }

// Signed by `issuer`, or by itself.
Certificate sign(const Key& key, const std::string& name, const std::string& names,
                 const Certificate& issuer, const Key& issuer_key, long serial) {
  Certificate out(X509_new(), &X509_free);
  X509* const raw = out.get();
  constexpr long kHour = 3600;
  need(X509_set_version(raw, X509_VERSION_3) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(raw), serial);
  X509_gmtime_adj(X509_getm_notBefore(raw), -kHour);
  X509_gmtime_adj(X509_getm_notAfter(raw), 24 * kHour);
  need(X509_set_pubkey(raw, key.get()) == 1);
  X509_NAME* const subject = X509_get_subject_name(raw);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  need(X509_set_issuer_name(raw, issuer ? X509_get_subject_name(issuer.get()) : subject) == 1);
  const auto add = [&](int what, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer ? issuer.get() : raw, raw, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str()), &X509_EXTENSION_free);
    need(extension != nullptr && X509_add_ext(raw, extension.get(), -1) == 1);
  };
  add(NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
  if (!names.empty()) add(NID_subject_alt_name, names);
  need(X509_sign(raw, issuer_key.get(), EVP_sha256()) > 0);
  return out;
}

}  // namespace

struct TestAuthority::Keys {
  Key key = new_key();
  Certificate certificate = sign(key, "leyden-test-authority", "", nullptr, key, 1);
};

TestAuthority::TestAuthority() : keys_(std::make_unique<Keys>()) {
  std::string name = (std::filesystem::temp_directory_path() / "leyden-test-ca-XXXXXX").string();
  const int fd = ::mkstemp(name.data());
  std::FILE* const file = fd < 0 ? nullptr : ::fdopen(fd, "w");
  need(file != nullptr && PEM_write_X509(file, keys_->certificate.get()) == 1);
  need(std::fclose(file) == 0);
  file_ = name;
}

TestAuthority::~TestAuthority() {
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

std::shared_ptr<ssl_ctx_st> TestAuthority::server(const std::string& names) const {
  std::shared_ptr<SSL_CTX> out(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  const Key key = new_key();
  const Certificate certificate =
      sign(key, "leyden-test-server", names, keys_->certificate, keys_->key, 2);
  need(SSL_CTX_use_certificate(out.get(), certificate.get()) == 1 &&
       SSL_CTX_use_PrivateKey(out.get(), key.get()) == 1);
  return out;
}

}  // namespace leyden::net::testing
