// Event: what can happen, declared once (events.h) with its name, level, sentence and the log it belongs to.
// Fields: what an event says about one mail or connection. A field that is not given is not written.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "mail/trace_id.h"

namespace hikyaku::telemetry {

enum class Level : std::uint8_t { Error, Warning, Info, Debug, Trace };

// E-Post's logs by E-Post's names, and `servicelog` for what concerns a service rather than a mail or a connection.
enum class LogName : std::uint8_t {
  AcceptLog,    // every connection of receive, then its verdict
  InLog,        // accepted mail, one line each
  ReceiveLog,   // what was said while receiving, refusals
  SenderLog,    // what was said while sending, each attempt
  OutLog,       // sent to another server
  OutLocalLog,  // put into a mailbox here
  FailLog,      // given up
  Pop3Log,
  Imap4Log,
  ServiceLog,
};
[[nodiscard]] std::string_view log_folder_name(LogName log);  // "acceptlog", ...
[[nodiscard]] std::string_view level_name(Level level);       // "error", ...
[[nodiscard]] std::optional<Level> parse_level(std::string_view name);

struct Event {
  std::string_view name;      // "mail.accepted": subject and past tense; never changes once released
  Level level = Level::Info;
  LogName log = LogName::ServiceLog;
  std::string_view sentence;     // English, what an operator should understand
  std::string_view sentence_ja;
};

struct NamedDuration {
  std::string_view name;
  Duration took{};
};

// Texts may hold anything, control characters and broken UTF-8 too: they are escaped on writing, and cut at 2,000
// octets. Nothing here may ever hold a password or the text of a message.
struct Fields {
  std::optional<TraceId> message;           // the trace id
  std::optional<TraceId> parent;            // the mail that this one came of
  std::string_view sender;                  // reverse-path as text; see `null_sender` for <>
  bool null_sender = false;
  std::string_view recipient;
  std::string_view original_recipient;      // where it was addressed, when an alias or a list changed it
  std::string_view account;                 // who logged in, or whose mailbox it is
  std::string_view client;                  // the peer's address, "192.0.2.7"
  std::optional<std::uint16_t> client_port;
  std::string_view helo;                    // what the client called itself
  std::string_view client_name;             // of its address, that leads back to it
  std::string_view listener;                // "smtp", "submission", "imaps", ...
  std::optional<std::uint64_t> connection;  // number of the connection in this process, from 1
  std::string_view tls;                     // "TLSv1.3", empty: none
  std::string_view mailbox;
  std::string_view message_id;              // the Message-ID header field
  std::string_view destination;             // the domain or route a delivery is for
  std::string_view next_hop;                // "mx1.example.net [203.0.113.9]:25"
  std::string_view command;                 // protocol verb
  std::string_view reply;                   // "550 5.1.1 ..." given or got
  std::string_view failure_class;           // "greylisted", "timeout": why an attempt failed, as retry rules name it
  std::optional<std::uint64_t> octets;
  std::optional<std::uint64_t> count;
  std::optional<std::uint32_t> attempt;     // 1: the first
  std::optional<Duration> took;             // written in milliseconds
  std::optional<WallTime> accepted_at;
  std::optional<WallTime> since;            // where `spent` begins, when that is not accepted_at
  std::span<const NamedDuration> spent;     // by cause, each in milliseconds; what is zero is left out
  std::optional<WallTime> next_try;
  std::string_view by;                      // the operator's name on this system
  std::string_view service;                 // when it is about another service than the writer
  std::string_view text;                    // protocol text (Trace only), a path, a setting's name
  std::string_view rule;                    // of reception's policy: "s25r"
  std::string_view mode;                    // that it runs in: "enforce", "shadow"
  std::string_view reason;                  // one sentence or the system's words
};

}  // namespace hikyaku::telemetry
