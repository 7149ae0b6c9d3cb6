// What the commands about DKIM keys have in common: how a key is shown, and what DNS says of it.
#pragma once

#include <string>
#include <vector>

#include "apps/cli/access/data_access.h"
#include "apps/cli/access/dns_look.h"
#include "services/directory/dkim_key.h"
#include "services/signing/key_store.h"
#include "services/signing/published.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

[[nodiscard]] signing::KeyStore key_store(Invocation& call, io::Disk& disk);

// As a member of a JSON array or alone; `kept`: [signing] keep_record.
void write_dkim_key(telemetry::JsonWriter& json, const directory::DkimKey& key, Duration kept);
[[nodiscard]] std::string stage_words(const Invocation& call, const directory::DkimKey& key);
// The record to publish, with a sentence above it.
void print_record(const Invocation& call, const directory::DkimKey& key);

[[nodiscard]] directory::DirectoryResult<directory::DkimKey> find_dkim_key(const directory::Snapshot& directory, std::string_view domain, std::string_view selector);

// New keys of a domain.
struct NewKeys {
  std::string domain, selector;  // selector empty: made of the algorithm and the day
  std::vector<dkim::Algorithm> algorithms;
  int bits = 2048;
  directory::TakesOver takes_over = directory::TakesOver::WhenPublished;
};
// Makes them, writes the private halves first, and gives what is in the directory now.
[[nodiscard]] directory::DirectoryResult<std::vector<directory::DkimKey>> make_dkim_keys(Invocation& call, directory::Editor& editor, const NewKeys& wanted);
// Takes over a private key that is there already.
[[nodiscard]] directory::DirectoryResult<directory::DkimKey> add_private_key(Invocation& call, directory::Editor& editor, const dkim::PrivateKey& key, directory::DkimKey about);

// TXT records by name, asked at once.
struct TxtSeen {
  std::string name;
  std::vector<std::string> records;
  std::string trouble;  // why nothing is known
};
[[nodiscard]] std::vector<TxtSeen> ask_txt(const settings::Settings& settings, const std::vector<std::string>& names);
// "" when DNS shows the key's record, else a sentence.
[[nodiscard]] std::string why_not_published(Invocation& call, const directory::DkimKey& key);

}  // namespace hikyaku::cli
