#include "services/settings/filter_row.h"

#include <doctest/doctest.h>

using namespace hikyaku::settings;

TEST_CASE("rows of filters") {
  const auto milter = parse_filter_row(FilterKind::Milter, "greylist=127.0.0.1:5000 at=rcpt for=strangers  away=pass timeout=20s total=1m may=headers,sender ");
  REQUIRE(milter);
  FilterRow wanted{.name = "greylist", .socket = "127.0.0.1:5000", .at = FilterRow::At::Recipient, .whom = FilterRow::For::Strangers, .away = FilterRow::Away::Pass, .timeout = Seconds{20}, .total = Seconds{60}};
  wanted.may_body = wanted.may_recipients = false;
  CHECK(*milter == wanted);
  CHECK(parse_filter_row(FilterKind::Milter, "a=/run/a.sock") == FilterRow{.name = "a", .socket = "/run/a.sock"});
  CHECK(parse_filter_row(FilterKind::PolicyServer, "postgrey=[::1]:10023")->whom == FilterRow::For::Strangers);
  CHECK(parse_filter_row(FilterKind::Rspamd, "127.0.0.1:11333 away=pass")->name == "rspamd");
}

TEST_CASE("rows that are none say what would be right") {
  const std::pair<FilterKind, std::string_view> rows[] = {
      {FilterKind::Milter, ""},
      {FilterKind::Milter, "/run/a.sock"},
      {FilterKind::Milter, "a b=/run/a.sock"},
      {FilterKind::Milter, "=/run/a.sock"},
      {FilterKind::Milter, "a="},
      {FilterKind::Milter, "a=localhost:5000"},
      {FilterKind::Milter, "a=127.0.0.1"},
      {FilterKind::Milter, "a=*:5000"},
      {FilterKind::Milter, "a=/run/a.sock at=connect"},
      {FilterKind::Milter, "a=/run/a.sock away"},
      {FilterKind::Milter, "a=/run/a.sock away=tempfail"},
      {FilterKind::Milter, "a=/run/a.sock away=refuse"},
      {FilterKind::Milter, "a=/run/a.sock timeout=0s"},
      {FilterKind::Milter, "a=/run/a.sock timeout=1h"},
      {FilterKind::Milter, "a=/run/a.sock total=ten"},
      {FilterKind::Milter, "a=/run/a.sock may=all"},
      {FilterKind::Milter, "a=/run/a.sock may=headers,"},
      {FilterKind::Milter, "a=/run/a.sock may="},
      {FilterKind::PolicyServer, "a=/run/a.sock at=rcpt"},
      {FilterKind::PolicyServer, "a=/run/a.sock total=10s"},
      {FilterKind::PolicyServer, "a=/run/a.sock may=body"},
      {FilterKind::Rspamd, "rspamd=127.0.0.1:11333"},
      {FilterKind::Rspamd, "http://127.0.0.1:11333"},
      {FilterKind::Rspamd, "127.0.0.1:11333 at=rcpt"},
  };
  for (const auto& [kind, text] : rows) {
    const auto row = parse_filter_row(kind, text);
    REQUIRE_FALSE(row);
    CHECK(row.error().find("; ") != std::string::npos);
  }
}
