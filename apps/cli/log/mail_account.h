// MailAccount: which mail has no end, from the lines of the log: what was accepted or made here on one side, and on the other what was sent,
// delivered, given up, or went on as other mail. Pure. Memory: what is open at one moment of the log,
// some 300 octets each.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "apps/cli/terminal/json_view.h"
#include "base/clock.h"

namespace hikyaku::cli {

struct OpenMail {
  std::string message, sender, recipient;  // recipient: the first
  std::string accepted;                    // the line's stamp
  WallTime accepted_at{};
  std::uint64_t recipients = 0;            // 0: its beginning was not seen
  std::set<std::size_t> ended;             // hashes of the recipients that have an end: a line that is written again after a crash counts once
};

class MailAccount {
 public:
  // Mail whose beginning was written before `begin` does not count.
  explicit MailAccount(WallTime begin) : begin_(begin) {}

  // Whether a line may tell of a beginning or an end; what is no such line need not be parsed.
  [[nodiscard]] static bool concerns(std::string_view line);
  // In any order: services write their own files, and an end may stand before its beginning.
  void take(const JsonView& line);
  // Its beginning is known and ends are missing; oldest first.
  [[nodiscard]] std::vector<OpenMail> open() const;

 private:
  const WallTime begin_;
  std::unordered_map<std::string, OpenMail> mails_;  // by id
};

}  // namespace hikyaku::cli
