// Random mail, signed and sealed here and judged by dkimpy, and the other way round. Skipped where python3-dkim and
// python3-authres are missing.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/base64.h"
#include "protocol/arc/sealing.h"
#include "protocol/dkim/test_mail.h"

namespace hikyaku::arc {
namespace {

using dkim::Algorithm;
using dkim::Form;

constexpr int count = 64;

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "hikyaku-dkimpy-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  void write(const std::string& name, std::string_view text) const { std::ofstream(path_ / name, std::ios::binary) << text; }
  [[nodiscard]] std::string read(const std::string& name) const { return dkim::testing::read_file((path_ / name).string()); }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

class Mail {
 public:
  explicit Mail(unsigned seed) : random_(seed) {}
  std::string next() {
    std::string header = "From: t@a.example\r\n";
    for (const char* name : {"To", "Subject", "CC", "X-Other", "Date", "Subject", "Received", "message-ID", "List-Id"})
      if (below(10) < 7) header += std::string(name) + (below(2) == 0 ? ":" : ": ") + value() + "\r\n";
    return header + "\r\n" + body();
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }
  std::string some_of(const std::vector<std::string>& pieces, std::size_t most) {
    std::string out;
    for (auto n = below(most + 1); n > 0; --n) out += pieces[below(pieces.size())];
    return out;
  }
  // No line of it is white space alone: dkimpy, other than RFC 5322, takes that for the header's end.
  std::string value() {
    std::string out = "v";
    for (auto n = below(4); n > 0; --n) out += some_of({" ", "  ", "\t", "x", "abc", ":", ";"}, 4) + (below(3) == 0 ? "\r\n\ty" : "z");
    return out;
  }
  // dkimpy leaves white space at the end of a last line that has no line end; mail ends with one.
  std::string body() {
    auto out = some_of({" ", "  ", "\t", "word", "a", ".", "=20", "\xe6\x97\xa5\xe6\x9c\xac", "\r\n", "\r\n\r\n", " \r\n"}, 40);
    return out.empty() || out.ends_with("\r\n") ? out : out + "\r\n";
  }
  std::minstd_rand random_;
};

std::string signed_by(const dkim::PrivateKey& key, const std::string& mail, Form header_form, Form body_form) {
  dkim::SignTerms terms;
  terms.algorithm = key.algorithm(), terms.domain = "a.example", terms.selector = key_type_name(key.algorithm()), terms.unix_time = 1'700'000'000;
  terms.header_form = header_form, terms.body_form = body_form;
  dkim::Message message({}, {terms.body()});
  message.feed(mail), message.end();
  const auto to_sign = dkim::prepare_signature(message, terms);
  REQUIRE(to_sign);
  return to_sign->field(key.sign(to_sign->digest)) + mail;
}

std::string sealed_by(const dkim::PrivateKey& key, const std::string& mail) {
  dkim::Message message({}, {SealTerms::body()});
  message.feed(mail), message.end();
  SealTerms terms;
  terms.domain = "a.example", terms.selector = "rsa", terms.authserv_id = "mx.example", terms.unix_time = 1'700'000'000;
  auto sealing = begin_sealing(message, {}, {}, terms, "spf=pass smtp.mailfrom=a.example");
  REQUIRE(sealing);
  sealing->take(key.sign(sealing->digest()));
  sealing->take(key.sign(sealing->digest()));
  return sealing->fields() + mail;
}

TEST_CASE("dkimpy and we judge each other's signatures and seals alike") {
  const auto rsa = dkim::PrivateKey::generate(Algorithm::RsaSha256), ed25519 = dkim::PrivateKey::generate(Algorithm::Ed25519Sha256);
  const Folder folder;
  dkim::testing::Zone zone;
  for (const auto* key : {&rsa, &ed25519}) {
    const std::string name(dkim::key_type_name(key->algorithm()));
    const auto record = dkim::key_record_text(key->algorithm(), key->public_octets());
    folder.write(name + ".txt", record);
    zone[name + "._domainkey.a.example"] = dkim::testing::one_record(record);
  }
  folder.write("rsa.key", rsa.pem());
  // dkimpy wants the seed alone: the last 32 octets of the PKCS#8 form.
  const auto pem = ed25519.pem();
  const auto begin = pem.find('\n') + 1;
  const auto der = dkim::decode_folded_base64(std::string_view(pem).substr(begin, pem.find("\n-----END") - begin));
  REQUIRE(der);
  folder.write("ed25519.key", base64_encode(der->substr(der->size() - 32)));

  Mail mail(7);
  for (int n = 0; n < count; ++n) {
    const auto text = mail.next();
    const auto number = std::to_string(n);
    folder.write(number + ".plain", text);
    folder.write(number + ".signed", signed_by(n % 2 == 0 ? rsa : ed25519, text, n / 2 % 2 == 0 ? Form::Simple : Form::Relaxed, n / 4 % 2 == 0 ? Form::Simple : Form::Relaxed));
    folder.write(number + ".sealed", sealed_by(rsa, text));
  }
  const auto command = "/usr/bin/python3 protocol/arc/dkimpy_peer.py " + folder.path() + " " + std::to_string(count);
  auto* const peer = popen(command.c_str(), "r");
  REQUIRE(peer != nullptr);
  std::string said;
  for (int c = std::fgetc(peer); c != EOF; c = std::fgetc(peer)) said += static_cast<char>(c);
  const int status = pclose(peer);
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127)) {
    MESSAGE("skipped: dkimpy is not here");
    return;
  }
  REQUIRE(status == 0);
  for (int n = 0; n < count; ++n) {
    const auto number = std::to_string(n);
    CAPTURE(folder.read(number + ".plain"));
    CHECK(said.find("\n" + number + " sealed pass\n") != std::string::npos);
    CHECK(("\n" + said).find("\n" + number + " signed True\n") != std::string::npos);
    const auto results = dkim::testing::verify(folder.read(number + ".theirs"), zone);
    REQUIRE(results.size() == 1);
    CHECK_MESSAGE(results[0].outcome == dkim::Outcome::Pass, results[0].reason);
    dkim::Message message;
    message.feed(folder.read(number + ".theirs_sealed")), message.end();
    Verification verification(message);
    dkim::testing::answer_all(verification, zone);
    const auto verdict = verification.verdict();
    CHECK_MESSAGE(verdict.status == Status::Pass, verdict.reason);
  }
}

}  // namespace
}  // namespace hikyaku::arc
