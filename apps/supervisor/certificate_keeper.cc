#include "apps/supervisor/certificate_keeper.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "apps/supervisor/ask_nobody.h"
#include "apps/supervisor/read_descriptor.h"
#include "io/descriptor.h"
#include "io/tls_context.h"

namespace hikyaku::apps {

namespace {

// A PEM file that holds `mark`; anything else is not handed on, whatever the settings name.
Result<std::string, std::string> read_pem(const std::string& path, std::string_view mark) {
  if (path.empty()) return failure(std::string("[tls] key is not set"));
  const io::Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return failure(path + ": " + std::strerror(errno));
  auto text = read_whole(file.get(), 1 << 20);
  if (text && text->find(mark) != std::string::npos) return *std::move(text);
  return failure(path + ": is no PEM file with " + std::string(mark));
}

// What is wrong with the pair; empty: nothing.
std::string tried(const std::string& certificate, const std::string& key) {
  const auto said = ask_nobody([&] {
    const auto made = io::TlsServerContext::from_pem(certificate, key);
    return made ? std::string("good") : made.error().what;
  }, 1 << 16);
  if (!said) return "could not be tried";
  return *said == "good" ? "" : *said;
}

}  // namespace

void CertificateKeeper::follow(std::string certificate_path, std::string key_path) {
  certificate_path_ = std::move(certificate_path), key_path_ = std::move(key_path);
  if (certificate_path_.empty()) usable_ = {};
}

TlsMaterial CertificateKeeper::material() {
  if (certificate_path_.empty()) return {};
  const auto refused = [&](std::string why) { return TlsMaterial{usable_.certificate, usable_.key, std::move(why)}; };
  auto certificate = read_pem(certificate_path_, "-----BEGIN CERTIFICATE-----");
  if (!certificate) return refused(certificate.error());
  auto key = read_pem(key_path_, "PRIVATE KEY-----");
  if (!key) return refused(key.error());
  if (*certificate != usable_.certificate || *key != usable_.key) {
    if (const auto why = tried(*certificate, *key); !why.empty()) return refused(certificate_path_ + ", " + key_path_ + ": " + why);
    usable_ = {*std::move(certificate), *std::move(key), ""};
  }
  return usable_;
}

}  // namespace hikyaku::apps
