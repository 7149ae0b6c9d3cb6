// How fast bodies are hashed and signatures made and checked. One core. Usage: dkim_bench
#include <cstdio>
#include <ctime>

#include "base/base64.h"
#include "protocol/dkim/signing.h"
#include "protocol/dkim/verification.h"
#include "protocol/mime/transfer_encoding.h"

using namespace hikyaku;
using namespace hikyaku::dkim;

namespace {

// Rounds in a second of processor time, the median of five.
template <class Work>
double rate(Work work) {
  std::vector<double> rates;
  for (int n = 0; n < 5; ++n) {
    const auto start = std::clock();
    const auto seconds = [&] { return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC; };
    std::size_t rounds = 0;
    while (seconds() < 0.3) work(), ++rounds;
    rates.push_back(static_cast<double>(rounds) / seconds());
  }
  std::ranges::sort(rates);
  return rates[2];
}

const std::string header =
    "Received: from a.example by b.example with ESMTPS; Sun, 22 Nov 2026 14:05:09 +0900\r\nFrom: =?UTF-8?B?5bGx55Sw?= <yamada@a.example>\r\n"
    "To: =?UTF-8?B?6Yi05pyo?= <suzuki@b.example>, sato@b.example\r\nSubject: =?UTF-8?B?6KuL5rGC5pu4?=\r\nDate: Sun, 22 Nov 2026 14:05:09 +0900\r\n"
    "Message-ID: <1@a.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";

void bench_body(const char* what, const std::string& body) {
  for (const auto form : {Form::Simple, Form::Relaxed}) {
    const double rounds = rate([&] {
      BodyHasher hasher({form, {}});
      for (std::size_t at = 0; at < body.size(); at += 65'536) hasher.feed(std::string_view(body).substr(at, 65'536));
      (void)hasher.finish();
    });
    std::printf("  %-24s %-8s %9.0f MB/s\n", what, form == Form::Simple ? "simple" : "relaxed", rounds * static_cast<double>(body.size()) / 1e6);
  }
}

std::string sign(const PrivateKey& key, const std::string& mail) {
  SignTerms terms{.algorithm = key.algorithm(), .domain = "a.example", .selector = "s"};
  Message message({}, {terms.body()});
  message.feed(mail);
  message.end();
  const auto to_sign = prepare_signature(message, terms);
  return to_sign->field(key.sign(to_sign->digest));
}

std::size_t verify(const std::string& mail, const std::string& record) {
  Message message;
  message.feed(mail);
  Verification verification(message, {});
  message.end();
  for (const auto& name : verification.key_names()) verification.answer(name, {KeyAnswer::Kind::Records, {record}});
  return verification.results().at(0).outcome == Outcome::Pass ? 1 : 0;
}

void bench_key(const char* what, const PrivateKey& key, const std::string& mail) {
  const auto record = key_record_text(key.algorithm(), key.public_octets());
  const auto octets = key.public_octets();
  const auto whole = sign(key, mail) + mail;
  const Digest digest{};
  const auto signature = key.sign(digest);
  const auto open = PublicKey::read(key.algorithm(), octets);
  std::size_t passed = 0, rounds = 0;
  std::printf("  %-24s %9.0f/s signed, %9.0f/s messages of %zu octets signed\n", what, rate([&] { (void)key.sign(digest); }), rate([&] { (void)sign(key, mail); }), mail.size());
  std::printf("  %-24s %9.0f/s keys read, %9.0f/s checked with a key at hand, %9.0f/s messages verified\n", "", rate([&] { (void)PublicKey::read(key.algorithm(), octets); }),
              rate([&] { (void)open->verifies(digest, signature); }), rate([&] { passed += verify(whole, record), ++rounds; }));
  if (passed != rounds) std::puts("  a message did not verify");
}

}  // namespace

int main() {
  std::string text, words;
  while (text.size() < 10'000) text += "いつもお世話になっております。請求書をお送りします。\r\n";
  while (words.size() < 4'000'000) words += "The quick  brown fox jumps over the lazy dog, and goes on.\r\n";
  std::puts("bodies, canonical form and SHA-256");
  bench_body("base64 of 5 MB", mime::encode_base64_lines(std::string(5 << 20, 'x')));
  bench_body("words, 4 MB", words);
  bench_body("text, 10 KB", text);
  std::puts("messages");
  bench_key("RSA-2048", PrivateKey::generate(Algorithm::RsaSha256), header + text);
  bench_key("Ed25519", PrivateKey::generate(Algorithm::Ed25519Sha256), header + text);
}
