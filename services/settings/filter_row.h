// FilterRow: a program beside us that is asked about mail, as one text of the settings names it: a milter, a policy server, rspamd.
//
//   "opendkim=/run/opendkim/opendkim.sock"
//   "greylist=127.0.0.1:5000 at=rcpt for=strangers away=pass timeout=20s total=60s"
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/settings/setting.h"

namespace hikyaku::settings {

struct FilterRow {
  enum class At : std::uint8_t { Text, Recipient };
  enum class For : std::uint8_t { All, Strangers, Ours };  // Ours: who logged in, and networks of ours
  enum class Away : std::uint8_t { Defer, Pass };  // our own trouble is never 5xx

  std::string name;     // as logs say it
  std::string socket;   // "/run/x.sock", "unix:/run/x.sock", "127.0.0.1:5000"
  At at = At::Text;
  For whom = For::All;
  Away away = Away::Defer;
  Seconds timeout{30};  // for each answer
  Seconds total{120};   // for one message
  bool may_headers = true, may_body = true, may_recipients = true, may_sender = true;

  friend bool operator==(const FilterRow&, const FilterRow&) = default;
};

// Which options a row may have.
enum class FilterKind : std::uint8_t { Milter, PolicyServer, Rspamd };

// One sentence with a remedy when it is none. Rspamd: without a name.
[[nodiscard]] Result<FilterRow, std::string> parse_filter_row(FilterKind kind, std::string_view text);

// "/run/clamd.ctl", "unix:/run/clamd.ctl", "127.0.0.1:3310".
[[nodiscard]] bool is_socket(std::string_view text);

}  // namespace hikyaku::settings
