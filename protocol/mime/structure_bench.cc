// How fast messages are parsed, and what the compact form costs. Usage: structure_bench [FILE.eml...]
// Without files: a plain mail of 10 KB, one with a 5 MB attachment, one of 1,000 parts.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "base/base64.h"
#include "protocol/mime/search_text.h"
#include "protocol/mime/structure.h"
#include "protocol/mime/transfer_encoding.h"

using namespace hikyaku;
using namespace hikyaku::mime;

namespace {
const std::string header =
    "Received: from a.example by b.example; Sun, 22 Nov 2026 14:05:09 +0900\r\nFrom: =?UTF-8?B?5bGx55Sw?= <yamada@a.example>\r\n"
    "To: =?UTF-8?B?6Yi05pyo?= <suzuki@b.example>, sato@b.example\r\nSubject: =?UTF-8?B?6KuL5rGC5pu4?=\r\n"
    "Date: Sun, 22 Nov 2026 14:05:09 +0900\r\nMessage-ID: <1@a.example>\r\nMIME-Version: 1.0\r\n";

std::string plain() {
  std::string text = header + "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
  while (text.size() < 10'000) text += "いつもお世話になっております。請求書をお送りします。\r\n";
  return text;
}

std::string attachment() {
  return header + "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\n"
                  "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         encode_base64_lines(std::string(5 << 20, 'x')) + "--b--\r\n";
}

std::string parts() {
  std::string text = header + "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n";
  for (int i = 0; i < 1000; ++i) text += "--b\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\npart\r\n";
  return text + "--b--\r\n";
}

template <class Work>
void measure(const char* what, std::size_t octets, Work work) {
  using Watch = std::chrono::steady_clock;
  const auto start = Watch::now();
  std::size_t rounds = 0;
  while (Watch::now() - start < std::chrono::milliseconds(500)) work(), ++rounds;
  const double seconds = std::chrono::duration<double>(Watch::now() - start).count();
  std::printf("  %-18s %9.1f MB/s %10.2f us a message\n", what, static_cast<double>(octets * rounds) / seconds / 1e6,
              seconds * 1e6 / static_cast<double>(rounds));
}

void bench(const char* name, const std::string& message) {
  const auto structure = Structure::parse(message);
  const auto bytes = structure.encode();
  std::printf("%s: %zu octets, %zu parts, compact form %zu octets\n", name, message.size(), structure.parts.size(), bytes.size());
  std::size_t sum = 0;
  measure("parse", message.size(), [&] { sum += Structure::parse(message).parts.size(); });
  measure("decode compact", message.size(), [&] { sum += Structure::decode(bytes)->parts.size(); });
  measure("search text", message.size(), [&] { sum += normalise(body_text(structure, message)).size(); });
  if (sum == 0) std::puts("nothing");
}
}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) bench("plain", plain()), bench("attachment", attachment()), bench("1000 parts", parts());
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    bench(argv[i], std::string{std::istreambuf_iterator<char>(file), {}});
  }
}
