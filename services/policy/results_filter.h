// ResultsFilter: takes out of an arriving message's header those Authentication-Results fields that claim to be ours (RFC 8601 §5). In
// chunks of any size; holds back no more than one such field.
#pragma once

#include <string>
#include <string_view>

namespace hikyaku::policy {

class ResultsFilter {
 public:
  explicit ResultsFilter(std::string authserv_id) : authserv_id_(std::move(authserv_id)) {}
  // The octets that stay, of `chunk` and of what was held back before it. Valid until the next call, and as long as `chunk`.
  [[nodiscard]] std::string_view pass(std::string_view chunk);
  // What is held back yet: a header without a body ends here.
  [[nodiscard]] std::string_view rest();
  [[nodiscard]] unsigned removed() const { return removed_; }

 private:
  static constexpr std::size_t most_field_octets = 64 << 10;  // a longer one of that name is taken out: whatever it claims
  enum class At : std::uint8_t { LineStart, InOther, InResults, Body };

  void take_line(std::string_view line);
  void settle();

  std::string authserv_id_;
  At at_ = At::LineStart;
  bool in_results_ = false;  // `held_` is a field of that name, whole or not
  bool too_long_ = false;
  std::string line_;         // begun, without its end yet
  std::string held_;
  std::string out_;
  unsigned removed_ = 0;
};

}  // namespace hikyaku::policy
