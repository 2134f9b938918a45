-- A database as version 0001 wrote it, with rows of our own making in every table.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE chat (
	id INTEGER NOT NULL, 
	dataset_id INTEGER NOT NULL, 
	"index" INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	characters INTEGER NOT NULL, 
	messages INTEGER NOT NULL, 
	residue_characters INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE, 
	CONSTRAINT uq_chat_dataset_index UNIQUE (dataset_id, "index")
);
INSERT INTO "chat" VALUES(1,1,1,'林木1：你好','hash1',6,2,0);
INSERT INTO "chat" VALUES(2,1,2,'林木1：价格多少
客服小何：稍后发您','hash2',18,2,0);
CREATE TABLE claim (
	chat_id INTEGER NOT NULL, 
	reviewer VARCHAR NOT NULL, 
	until DATETIME NOT NULL, 
	PRIMARY KEY (chat_id), 
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE
);
INSERT INTO "claim" VALUES(2,'小何','2026-11-01 08:00:00.000000');
CREATE TABLE dataset (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	split VARCHAR NOT NULL, 
	form VARCHAR NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	expected INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
INSERT INTO "dataset" VALUES(1,'旧数据','train','role_elements','aa',3,'2026-11-01 08:00:00.000000');
CREATE TABLE extraction (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	chat_id INTEGER NOT NULL, 
	status VARCHAR NOT NULL, 
	forms JSON, 
	replies JSON NOT NULL, 
	notes JSON NOT NULL, 
	cause VARCHAR NOT NULL, 
	error VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	tokens_in INTEGER NOT NULL, 
	tokens_out INTEGER NOT NULL, 
	seconds FLOAT NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE, 
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE, 
	CONSTRAINT uq_extraction_run_chat UNIQUE (run_id, chat_id)
);
INSERT INTO "extraction" VALUES(1,1,1,'ok','[{"基本信息-姓名": "林木1"}]','[]','[]','','',1,10,5,0.5,'2026-11-01 08:00:00.000000');
INSERT INTO "extraction" VALUES(2,1,2,'ok','[{"基本信息-姓名": "林木1"}]','[]','[]','','',1,10,5,0.5,'2026-11-01 08:00:00.000000');
CREATE TABLE record (
	id INTEGER NOT NULL, 
	dataset_id INTEGER NOT NULL, 
	chat_id INTEGER NOT NULL, 
	review_pass VARCHAR NOT NULL, 
	customers JSON NOT NULL, 
	status VARCHAR NOT NULL, 
	base_run_id INTEGER, 
	reviewer VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	seconds FLOAT NOT NULL, 
	version INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(base_run_id) REFERENCES run (id) ON DELETE SET NULL, 
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE, 
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE, 
	CONSTRAINT uq_record_chat_pass UNIQUE (chat_id, review_pass)
);
INSERT INTO "record" VALUES(1,1,1,'primary','[{"values": {"基本信息-姓名": "林木1"}, "origin": {}, "confirmed": {}, "pinned": {}}]','已确认',1,'小何','',3.5,2,'2026-11-01 08:00:00.000000','2026-11-01 08:00:00.000000');
CREATE TABLE recordevent (
	id INTEGER NOT NULL, 
	record_id INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	who VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	status VARCHAR NOT NULL, 
	change JSON NOT NULL, 
	reason VARCHAR NOT NULL, 
	save_id VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(record_id) REFERENCES record (id) ON DELETE CASCADE, 
	UNIQUE (save_id)
);
INSERT INTO "recordevent" VALUES(1,1,1,'小何','2026-11-01 08:00:00.000000','草稿','{}','','save-1');
INSERT INTO "recordevent" VALUES(2,1,2,'小何','2026-11-01 08:00:00.000000','已确认','{}','','save-2');
CREATE TABLE run (
	id INTEGER NOT NULL, 
	dataset_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	provider VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	prompt_name VARCHAR NOT NULL, 
	prompt_version VARCHAR NOT NULL, 
	prompt_sha256 VARCHAR NOT NULL, 
	prompt_text TEXT NOT NULL, 
	parameters JSON NOT NULL, 
	total INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE, 
	CONSTRAINT uq_run_dataset_name UNIQUE (dataset_id, name)
);
INSERT INTO "run" VALUES(1,1,'标注','labels','finished','','','','','','','{}',2,'2026-11-01 08:00:00.000000');
CREATE INDEX ix_chat_dataset_sha256 ON chat (dataset_id, sha256);
CREATE INDEX ix_extraction_chat ON extraction (chat_id);
CREATE INDEX ix_record_dataset_status ON record (dataset_id, review_pass, status);
CREATE INDEX ix_recordevent_record ON recordevent (record_id, version);
COMMIT;
