// What one SMTP listener allows, and in which role it speaks. Values, made from the settings by apps/receive; the defaults
// are those of a listener open to the Internet.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/smtp/content.h"

namespace hikyaku::smtp {

enum class Role : std::uint8_t {
  Relay,       // port 25: anybody may come; whom mail may be for is decided at RCPT
  Submission,  // 587 and 465 (RFC 6409): nobody sends without logging in
  Lmtp,        // RFC 2033: LHLO, and a reply for each recipient after the data
};

struct Limits {
  std::size_t command_line_octets = 512;      // RFC 5321 §4.5.3.1.4, with CRLF; for commands without parameters
  std::size_t parameter_line_octets = 2048;   // MAIL and RCPT: 512 and what SIZE, DSN, AUTH and SMTPUTF8 add
  std::size_t auth_line_octets = 12'288;      // RFC 4954 §4
  std::uint32_t received_fields = 100;  // RFC 5321 §6.3: a mail with more goes round in circles
  std::uint64_t message_octets = 50ULL << 20;
  std::uint32_t recipients = 1000;            // of one message
  std::uint32_t messages = 100'000;           // of one connection (LIMITS MAILMAX)
  std::uint32_t errors = 20;                  // wrong or refused commands of one connection
  std::uint32_t failed_logins = 3;            // of one connection: the last is answered 421
  std::uint32_t idle_commands = 10'000;       // commands since the last message was taken
  ContentRules content;
  std::chrono::seconds idle{300};             // RFC 5321 §4.5.3.2.7; the driver's timers keep these two
  std::chrono::seconds total{24 * 3600};
};

}  // namespace hikyaku::smtp
