// Speed of reading and of stuffing message text, in GB/s, median and spread of 9 rounds.
//   cmake --build --preset release --target content_bench && build/release/protocol/smtp/content_bench
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "protocol/smtp/content.h"

using namespace hikyaku::smtp;

namespace {
std::string message(std::size_t octets, std::size_t line, std::size_t dot_every) {
  std::string out;
  for (std::size_t n = 0; out.size() < octets; ++n) {
    out += dot_every != 0 && n % dot_every == 0 ? '.' : 'x';
    out.append(line - 3, 'a').append("\r\n");
  }
  return out;
}

template <class Work>
void measure(const char* name, std::size_t octets, Work work) {
  std::vector<double> rates;
  for (int round = 0; round < 9; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    rates.push_back(20.0 * static_cast<double>(octets) / took.count() / 1e9);
  }
  std::ranges::sort(rates);
  std::printf("%-28s %6.2f GB/s  (%.2f .. %.2f)\n", name, rates[4], rates.front(), rates.back());
}
}  // namespace

int main() {
  for (const auto& [name, line, dots] : {std::tuple{"76-octet lines", std::size_t{78}, std::size_t{0}},
                                         std::tuple{"76-octet, every 20th a dot", std::size_t{78}, std::size_t{20}},
                                         std::tuple{"40-octet lines", std::size_t{42}, std::size_t{0}}}) {
    const std::string text = message(4 << 20, line, dots);
    std::string wire;
    char last = '\n';
    append_dot_stuffed(wire, text, last);
    wire += ".\r\n";
    std::printf("%s\n", name);
    measure("  read", wire.size(), [&] {
      ContentReader reader(ContentFraming::Dots, {});
      std::string_view in = wire;
      std::size_t total = 0;
      while (!reader.ended()) total += reader.next(in).size();
      if (total != text.size()) std::abort();
    });
    std::string out;
    measure("  stuff", text.size(), [&] {
      out.clear();
      char before = '\n';
      append_dot_stuffed(out, text, before);
    });
  }
}
