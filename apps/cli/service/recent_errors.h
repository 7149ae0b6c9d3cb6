// RecentErrors: of the last day's log, what the services told as an error, for `hikyaku status`: one row a kind, with the last of it, and whether it is over.
// Pure. Memory: a line a row.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cli/command.h"
#include "apps/cli/terminal/json_view.h"
#include "base/clock.h"

namespace hikyaku::cli {

class RecentErrors {
 public:
  struct Row {
    std::string event, service, last;  // last: the newest line of it, JSON
    std::uint64_t count = 0;
    std::string over;                  // the stamp of its end; empty: none was told
  };

  // Whether the line may tell of one, or of an end; what is no such line need not be parsed.
  [[nodiscard]] static bool concerns(std::string_view line);
  // In the order of their times.
  void take(std::string_view line);
  // What is not over first, each part with the newest first.
  [[nodiscard]] std::vector<Row> rows() const;

 private:
  void note_end(const JsonView& line, std::string_view event);
  std::map<std::string, Row, std::less<>> rows_;  // by what tells one trouble from another
};

// From the log of the last 24 hours. What cannot be read is left out.
[[nodiscard]] std::vector<RecentErrors::Row> recent_errors(const std::string& data_folder, WallTime now);
// Nothing where there is none.
void print_errors(const Invocation& call, const std::vector<RecentErrors::Row>& rows);
// The rows as a JSON array.
[[nodiscard]] std::string errors_json(const std::vector<RecentErrors::Row>& rows);

}  // namespace hikyaku::cli
