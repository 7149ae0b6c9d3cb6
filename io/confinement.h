// Confinement: what a service process gives up before it meets its first peer. In order: limits, its user, all
// capabilities, new privileges, every file outside named folders (Landlock), and dangerous system calls (seccomp).
// None of it can be taken back; threads started afterwards inherit it, and so it must be called before there are any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace hikyaku::io {

enum class Network : std::uint8_t {
  None,  // Unix sockets it already has or reaches by path; no Internet socket can be made
  Any,   // IPv4, IPv6 and Unix sockets
};

struct Confinement {
  std::vector<std::string> read;        // files or folders, with all below
  std::vector<std::string> read_write;  // files or folders, with all below: create, rename and remove too
  std::vector<std::string> deposit;     // folders: new files are made there, read and written; nothing is renamed or removed
  std::vector<std::string> run;         // files or folders, with all below: read and run as programs; empty: no program can be started, no process made
  Network network = Network::None;
  std::optional<std::uint32_t> uid;  // becomes this user and group, without further groups; stays when not set
  std::optional<std::uint32_t> gid;
  std::optional<std::uint64_t> open_files;     // RLIMIT_NOFILE
  std::optional<std::uint64_t> address_space;  // RLIMIT_AS, octets
};

// What was put in force. `landlock_abi` 0: the kernel has no Landlock, and file access rests on the user's permissions
// alone. Seccomp is missing where the kernel has no filters. The service says so (apps/service/protection.h).
struct Confined {
  enum class Seccomp : std::uint8_t { Missing, InForce };
  int landlock_abi = 0;
  Seccomp seccomp = Seccomp::Missing;
};

struct ConfinementError {
  std::string what;  // one sentence: the step and the system's words
};

// An error when other threads run already. After an error the process is half confined and must exit.
Result<Confined, ConfinementError> confine(const Confinement& wanted);

// What this kernel has to offer; confines nothing.
[[nodiscard]] Confined confinement_offered();

// What a dynamically linked program reads for names, time zones, certificates and random numbers; for
// Confinement::read.
[[nodiscard]] std::vector<std::string> system_files_to_read();

}  // namespace hikyaku::io
