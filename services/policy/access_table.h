// AccessTable: the directory's access rows, made ready for look-ups. Of a client's rows the most particular one counts: its address, then the
// narrowest network, its name, the nearest .domain above it, then expressions in the order of the rows. Of rows of several sources the operator's counts, else the
// strictest. Names count only when they lead back to the address. Built once for each change; a look-up costs the networks' widths, the labels, and each expression once (linear: RE2).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/socket_address.h"
#include "mail/address.h"
#include "services/directory/access.h"

namespace hikyaku::policy {

class AccessTable {
 public:
  AccessTable();
  explicit AccessTable(std::vector<directory::AccessRow> rows);
  ~AccessTable();
  AccessTable(const AccessTable&) = delete;
  AccessTable& operator=(const AccessTable&) = delete;

  // What a client's address alone says; rows that have expired by `now` say nothing. Null: no row.
  [[nodiscard]] const directory::AccessRow* of_address(const io::IpAddress& client, WallTime now) const;
  // What its name says, which is known to lead back to it.
  [[nodiscard]] const directory::AccessRow* of_name(std::string_view name, WallTime now) const;
  [[nodiscard]] bool has_names() const { return !names_.empty() || !expressions_.empty(); }
  [[nodiscard]] const directory::AccessRow* of_sender(const ReversePath& sender, WallTime now) const;
  [[nodiscard]] const directory::AccessRow* of_recipient(const Address& recipient, WallTime now) const;
  [[nodiscard]] std::size_t size() const { return rows_.size(); }

 private:
  using ByText = std::unordered_map<std::string, const directory::AccessRow*>;
  struct Expression;
  void add_client(const directory::AccessRow& row);

  std::vector<directory::AccessRow> rows_;
  std::map<std::pair<io::IpFamily, int>, ByText, std::greater<>> networks_;  // by width: the base's octets -> row
  ByText names_, senders_, recipients_;                                      // ".domain" for all below it
  std::vector<Expression> expressions_;
};

}  // namespace hikyaku::policy
