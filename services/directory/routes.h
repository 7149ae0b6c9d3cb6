// A row of gateway.dat: where mail goes that MX records shall not decide.
//
//   row     = pattern [ "|" sender ] "," host *( SP host ) [ "," [ port ] *( "," option ) ]
//   host    = name / address / name ":" port / "[" address "]" [ ":" port ]
//   option  = "lmtp" / "tls=" ( "none" / "opportunistic" / "required" / "verified" ) / "login=" user /
//             "auth=" ( "plain" / "login" / "scram-sha-256" / "xoauth2" ) / "source=" address /
//             "fallback=" host / "after=" number
//
// A pattern with '@' is compared with the whole address, one without with its domain; '*' stands for any octets, none
// included; ASCII case does not count. "*.a.example" covers a.example too, unless that has a row of its own
// (docs/adr/0014). The sender condition has the same forms, "<>" is the null sender. Hosts are tried in order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/directory/types.h"

namespace hikyaku::directory {

// One row. `why` of a failure is one sentence with a remedy. Linear.
[[nodiscard]] Result<Route, std::string> parse_route(std::string_view row);
// The same row in its shortest form: parse_route(print_route(route)) == route.
[[nodiscard]] std::string print_route(const Route& route);
// What follows the pattern: "gw.example:26,tls=required" as the global gateway is written.
[[nodiscard]] Result<Route, std::string> parse_gateway(std::string_view text);
[[nodiscard]] std::string print_target(const Route& route);
[[nodiscard]] std::string print_host(const RouteHost& host);  // "gw.example:25", "[2001:db8::1]:25"

}  // namespace hikyaku::directory
