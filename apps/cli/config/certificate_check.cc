#include "apps/cli/config/certificate_check.h"

#include <unistd.h>

#include <array>

#include "io/tls_context.h"

namespace hikyaku::cli {
namespace {

// "[listen] submissions, imaps"; empty: nobody is greeted under TLS.
std::string tls_ports(const settings::Settings& settings) {
  std::string names;
  for (const auto& [name, addresses] : {std::pair{"submissions", settings.listen.submissions()}, std::pair{"imaps", settings.listen.imaps()}, std::pair{"pop3s", settings.listen.pop3s()}})
    if (!addresses.empty()) names += (names.empty() ? "[listen] " : ", ") + std::string(name);
  return names;
}

bool is_for_root(const std::string& path) { return geteuid() != 0 && access(path.c_str(), R_OK) != 0 && errno == EACCES; }

}  // namespace

CertificateCheck check_certificate(const Invocation& call, const settings::Settings& settings) {
  CertificateCheck check;
  const std::string certificate = settings.tls.certificate(), key = settings.tls.key();
  if (certificate.empty()) {
    if (const auto names = tls_ports(settings); !names.empty())
      check.warning = std::string(call.say({"there is no certificate ([tls] certificate, key), so STARTTLS is not offered, passwords are not taken from other machines, and these ports close every connection: ",
                                            "証明書がない([tls] certificate、key)。STARTTLS は使えず、他のマシンからのログインはできず、次のポートはすべての接続を閉じる: "})) + names;
    return check;
  }
  if (key.empty()) {
    check.mistake = {"[tls] key: " + std::string(call.say({"a certificate without its key", "証明書に対応する鍵がない"})), std::string(call.say({"name the PEM file of its private key", "秘密鍵の PEM ファイルを書く"}))};
    return check;
  }
  if (is_for_root(certificate) || is_for_root(key)) return check;
  const std::array files{io::CertificateFiles{certificate, key}};
  if (const auto loaded = io::TlsServerContext::load(files); !loaded)
    check.mistake = {"[tls] " + loaded.error().what, ""};  // with its remedy
  return check;
}

}  // namespace hikyaku::cli
