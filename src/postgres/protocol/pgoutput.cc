#include "postgres/protocol/pgoutput.h"

#include <algorithm>

#include "postgres/protocol/wire.h"

namespace tidemill::postgres {

Result<std::variant<XLogData, Keepalive>> ParseReplicationFrame(std::string_view body) {
  BodyReader reader(body);
  const std::uint8_t type = reader.Uint8();
  if (type == 'w') {
    XLogData data;
    data.start = reader.Uint64();
    data.end = reader.Uint64();
    data.time_us = static_cast<std::int64_t>(reader.Uint64());
    data.payload = reader.Bytes(reader.left());
    TM_TRY(reader.Finish("XLogData"));
    return data;
  }
  if (type != 'k') return Fail(Errc::kInvalidArgument, "an unknown frame of replication");
  Keepalive keepalive;
  keepalive.end = reader.Uint64();
  keepalive.time_us = static_cast<std::int64_t>(reader.Uint64());
  keepalive.reply_wanted = reader.Uint8() == 1;
  TM_TRY(reader.Finish("a keepalive"));
  return keepalive;
}

namespace pgoutput {
namespace {

std::unexpected<Error> Unknown() { return Fail(Errc::kInvalidArgument, "a tuple of an unknown form"); }

Result<Tuple> ReadTuple(BodyReader& reader) {
  const std::size_t count = reader.Uint16();
  Tuple tuple;
  tuple.reserve(std::min(count, reader.left()));
  for (std::size_t i = 0; i < count && !reader.broken(); ++i) {
    TupleField& field = tuple.emplace_back();
    switch (reader.Uint8()) {
      case 'n': field.form = TupleField::Form::kNull; continue;
      case 'u': field.form = TupleField::Form::kUnchanged; continue;
      case 't': field.form = TupleField::Form::kText; break;
      case 'b': field.form = TupleField::Form::kBinary; break;
      default: return Unknown();
    }
    field.value = reader.Bytes(reader.Uint32());
  }
  return tuple;
}

Relation ReadRelation(BodyReader& reader) {
  Relation relation;
  relation.oid = reader.Uint32();
  relation.schema = reader.String();
  relation.name = reader.String();
  relation.replica_identity = static_cast<char>(reader.Uint8());
  const std::size_t count = reader.Uint16();
  for (std::size_t i = 0; i < count && !reader.broken(); ++i) {
    RelationColumn& column = relation.columns.emplace_back();
    column.is_key = (reader.Uint8() & 1) != 0;
    column.name = reader.String();
    column.type_oid = reader.Uint32();
    column.modifier = reader.Int32();
  }
  return relation;
}

Result<Message> ReadUpdate(BodyReader& reader) {
  Update update;
  update.relation = reader.Uint32();
  std::uint8_t what = reader.Uint8();
  if (what == 'K' || what == 'O') {
    TM_TRY_ASSIGN(update.before, ReadTuple(reader));
    what = reader.Uint8();
  }
  if (what != 'N') return Unknown();
  TM_TRY_ASSIGN(update.row, ReadTuple(reader));
  return update;
}

Truncate ReadTruncate(BodyReader& reader) {
  Truncate truncate;
  const std::uint32_t count = reader.Uint32();
  const std::uint8_t options = reader.Uint8();
  truncate.cascades = (options & 1) != 0;
  truncate.restarts_identity = (options & 2) != 0;
  for (std::uint32_t i = 0; i < count && !reader.broken(); ++i) truncate.relations.push_back(reader.Uint32());
  return truncate;
}

Result<Message> Read(BodyReader& reader) {
  switch (reader.Uint8()) {
    case 'B': {
      const Lsn final_lsn = reader.Uint64();
      const auto time_us = static_cast<std::int64_t>(reader.Uint64());
      return Begin{.final_lsn = final_lsn, .time_us = time_us, .xid = reader.Uint32()};
    }
    case 'C': {
      (void)reader.Uint8();  // flags, unused
      const Lsn commit_lsn = reader.Uint64();
      const Lsn end_lsn = reader.Uint64();
      return Commit{.commit_lsn = commit_lsn,
                    .end_lsn = end_lsn,
                    .time_us = static_cast<std::int64_t>(reader.Uint64())};
    }
    case 'O': {
      const Lsn lsn = reader.Uint64();
      return Origin{.commit_lsn = lsn, .name = reader.String()};
    }
    case 'R': return ReadRelation(reader);
    case 'Y': {
      const std::uint32_t oid = reader.Uint32();
      const std::string_view schema = reader.String();
      return TypeName{.oid = oid, .schema = schema, .name = reader.String()};
    }
    case 'I': {
      Insert insert{.relation = reader.Uint32()};
      if (reader.Uint8() != 'N') return Unknown();
      TM_TRY_ASSIGN(insert.row, ReadTuple(reader));
      return insert;
    }
    case 'U': return ReadUpdate(reader);
    case 'D': {
      Delete gone{.relation = reader.Uint32()};
      const std::uint8_t what = reader.Uint8();
      if (what != 'K' && what != 'O') return Unknown();
      TM_TRY_ASSIGN(gone.before, ReadTuple(reader));
      return gone;
    }
    case 'T': return ReadTruncate(reader);
    case 'M': {
      LogicalMessage message;
      message.is_transactional = (reader.Uint8() & 1) != 0;
      message.lsn = reader.Uint64();
      message.prefix = reader.String();
      message.content = reader.Bytes(reader.Uint32());
      return message;
    }
    default: return Fail(Errc::kInvalidArgument, "an unknown message of pgoutput");
  }
}

}  // namespace

Result<Message> Parse(std::string_view payload) {
  BodyReader reader(payload);
  auto message = Read(reader);
  if (message) TM_TRY(reader.Finish("a message of pgoutput"));
  return message;
}

}  // namespace pgoutput
}  // namespace tidemill::postgres
