// FieldFilter: takes header fields out of a text that arrives in pieces: those whose names only this server may write, so that a
// sender cannot forge them. Their folded lines go with them (RFC 5322 §2.2.3). The body, behind the first empty line, passes as it is.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hikyaku::smtp {

class FieldFilter {
 public:
  static constexpr std::size_t longest_name = 64;

  // The names, without colon and at most longest_name long each, outlive this.
  explicit FieldFilter(std::span<const std::string_view> names) : names_(names) {}

  // Calls `pass` with what stays, in order; the views are of `octets` or of this object, and valid during the call. Linear; keeps
  // at most longest_name octets for the next piece.
  template <class Pass>
  void take(std::string_view octets, Pass&& pass) {
    while (!octets.empty()) {
      if (state_ == State::Body) return pass(octets);
      const auto part = next(octets);
      if (!part.empty()) pass(part);
    }
  }
  // What is kept back at the end of a text that has no body.
  [[nodiscard]] std::string finish();
  [[nodiscard]] std::size_t removed() const { return removed_; }

 private:
  enum class State : std::uint8_t { LineBegin, Keeping, Dropping, Body };
  // Takes a part of `octets` off; gives what of it, with what was kept back, may pass.
  std::string_view next(std::string_view& octets);
  std::string_view judge(std::string_view& octets);
  std::string_view to_the_line_end(std::string_view& octets);
  [[nodiscard]] bool is_named(std::string_view line) const;
  [[nodiscard]] bool may_become_named(std::string_view line) const;

  std::span<const std::string_view> names_;
  State state_ = State::LineBegin;
  bool dropping_field_ = false;  // the field that began last is taken out: its folded lines too
  std::string begin_;            // of a line that is not judged yet
  std::string given_;
  std::size_t removed_ = 0;
};

}  // namespace hikyaku::smtp
