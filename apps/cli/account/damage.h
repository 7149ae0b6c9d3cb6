// What was done with an account since a time, out of the logs: from where it logged in to send, to whom its mail went, what of its settings changed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apps/cli/command.h"
#include "services/directory/directory.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

struct AccountDamage {
  struct Client {
    std::uint64_t messages = 0;
    std::string country;  // by [abuse] country_database; empty: not known
  };
  std::map<std::string, Client> clients;          // addresses it sent from
  std::vector<std::string> reached;               // recipients, each once, in order
  std::uint64_t messages = 0;
  std::uint64_t waiting = 0, failed = 0, taken_out = 0;  // recipients: without an end yet; given up; ended by an operator (deleted, returned, given away by an export)
  std::uint64_t not_looked_at = 0;                // messages beyond the first 10,000
  struct Change {
    std::string at, by, command;
  };
  std::vector<Change> changes;                    // by commands that name the account
};

// Reads the logs of that time twice. Linear in them.
[[nodiscard]] AccountDamage read_damage(const settings::Settings& settings, const std::string& address, WallTime since, WallTime now);
void write_damage(telemetry::JsonWriter& json, const directory::Snapshot& directory, const directory::Account& account, const AccountDamage& damage);
void print_damage(Invocation& call, const directory::Snapshot& directory, const directory::Account& account, const AccountDamage& damage, WallTime since);

}  // namespace hikyaku::cli
