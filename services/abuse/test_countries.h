// A small database in MaxMind's format for tests: https://maxmind.github.io/MaxMind-DB/ (version 2.0). The scenario
// a_login_from_a_new_country_is_evidence has one by MaxMind's own writer.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "io/posix_disk.h"
#include "io/socket_address.h"

namespace hikyaku::abuse {

struct CountryRow {
  std::string base;  // "203.0.113.0"; rows do not overlap
  int bits = 0;
  std::string country;
};

namespace test_countries {

// Type (3 bits) and size (5): 2 UTF-8 text, 5 and 6 unsigned numbers of 2 and 4 octets, 7 map; further types have an octet of their own.
inline std::string head(int type, std::size_t size) { return std::string(1, static_cast<char>(type << 5 | static_cast<int>(size))); }
inline std::string text(std::string_view value) { return head(2, value.size()) + std::string(value); }
inline std::string number(int type, std::size_t octets, std::uint64_t value) {
  std::string out = type < 8 ? head(type, octets) : head(0, octets) + static_cast<char>(type - 7);
  for (std::size_t i = octets; i-- > 0;) out += static_cast<char>(value >> (8 * i));
  return out;
}

class Tree {
 public:
  // Of 128 bits: IPv4 stands below ::/96.
  void add(const CountryRow& row, std::size_t data) {
    const auto address = io::IpAddress::parse(row.base);
    if (!address) throw std::runtime_error(row.base);
    const bool v4 = address->octets().size() == 4;
    const std::string octets = v4 ? std::string(12, '\0') + std::string(address->octets()) : std::string(address->octets());
    const auto bits = static_cast<std::size_t>(row.bits + (v4 ? 96 : 0));
    std::size_t at = 0;
    for (std::size_t i = 0; i < bits; ++i) {
      const auto side = static_cast<std::size_t>(static_cast<unsigned char>(octets[i / 8]) >> (7 - i % 8) & 1);
      if (i + 1 == bits) {
        nodes_[at][side] = -static_cast<std::int64_t>(data) - 1;
      } else if (nodes_[at][side] == 0) {
        nodes_[at][side] = static_cast<std::int64_t>(nodes_.size());
        at = nodes_.size();
        nodes_.push_back({});
      } else {
        at = static_cast<std::size_t>(nodes_[at][side]);
      }
    }
  }
  [[nodiscard]] std::string octets() const {
    std::string out;
    for (const auto& node : nodes_)
      for (const auto record : node) {
        const auto value = record > 0 ? static_cast<std::uint64_t>(record) : record == 0 ? nodes_.size() : nodes_.size() + 16 + static_cast<std::uint64_t>(-record - 1);
        for (int i = 2; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
      }
    return out;
  }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  std::vector<std::array<std::int64_t, 2>> nodes_{1};  // 0: nothing known; > 0: a node; else -(where the data is) - 1
};

}  // namespace test_countries

// `key`: what countries are told by. Made on 2026-11-20.
inline std::string country_database(const std::vector<CountryRow>& rows, std::string_view type = "Test-Country", std::string_view key = "iso_code") {
  using namespace test_countries;
  Tree tree;
  std::string data;
  for (const auto& row : rows) {
    tree.add(row, data.size());
    data += head(7, 1) + text("country") + head(7, 1) + text(key) + text(row.country);
  }
  std::string out = tree.octets() + std::string(16, '\0') + data + "\xab\xcd\xefMaxMind.com" + head(7, 9);
  out += text("node_count") + number(6, 4, tree.size()) + text("record_size") + number(5, 2, 24) + text("ip_version") + number(5, 2, 6);
  out += text("database_type") + text(type) + text("languages") + head(0, 0) + '\x04' + text("description") + head(7, 0);
  out += text("binary_format_major_version") + number(5, 2, 2) + text("binary_format_minor_version") + number(5, 2, 0);
  return out + text("build_epoch") + number(9, 8, 1'795'132'800);
}

// Over what was there, as packages do it: by another file of that name.
inline void put_file(const std::string& path, std::string_view octets) {
  io::PosixDisk disk;
  if (const auto written = io::replace_file(disk, path, octets); !written) throw std::runtime_error(written.error().what);
}

}  // namespace hikyaku::abuse
