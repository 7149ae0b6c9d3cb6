// The rule uri_list: whether a link in a stranger's text leads to a host that a list has. UriText keeps what of the text is looked through while it arrives;
// UriCheck is pure and asks through Answers. Bounded in text, hosts and questions.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/dmarc/public_suffix.h"
#include "services/policy/dns_list.h"
#include "services/policy/uri_hosts.h"

namespace hikyaku::policy {

class UriText {
 public:
  static constexpr std::size_t most_octets = 1 << 20;             // of the message, header included; links behind it are not seen
  static constexpr std::size_t most_octets_together = 128 << 20;  // of all messages that arrive; beyond it no more is kept of them
  UriText() = default;
  UriText(UriText&& other) noexcept : text_(std::exchange(other.text_, {})) {}
  UriText& operator=(UriText&&) = delete;
  ~UriText() { together_.fetch_sub(text_.size()); }
  void feed(std::string_view octets);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  static inline std::atomic<std::size_t> together_{0};
  std::string text_;
};

struct UriFindings {
  std::string domain, zone, answer;  // of the first that is listed; empty: none is
  bool unsure = false;               // a list did not answer
};

class UriCheck {
 public:
  static constexpr std::size_t most_domains = 30;
  // `exempt`: hosts that no list is asked about, with all below them. `suffixes` null: hosts are looked up as they are written.
  UriCheck(const std::vector<std::string>& hosts, std::vector<DnsList> lists, const std::vector<std::string>& exempt, const dmarc::PublicSuffixList* suffixes);
  // Nothing: answers are wanted.
  [[nodiscard]] std::optional<UriFindings> results(Answers& answers) const;
  [[nodiscard]] const std::vector<std::string>& domains() const { return domains_; }

 private:
  std::vector<std::string> domains_;  // registered ones, or addresses
  std::vector<DnsList> lists_;
};

}  // namespace hikyaku::policy
