-- Made of the migrations by `make docs`, see core/adapters/store/blank_schema.py.
-- [[[cog
-- import generated_docs
-- cog.out(generated_docs.blank_sqlite())
-- ]]]
CREATE TABLE accesstoken (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name VARCHAR NOT NULL,
	account_id INTEGER,
	owner VARCHAR NOT NULL,
	token_sha256 VARCHAR NOT NULL,
	created_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	used_at DATETIME,
	revoked_at DATETIME,
	FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE CASCADE,
	UNIQUE (token_sha256)
);
CREATE TABLE account (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name VARCHAR NOT NULL,
	role VARCHAR NOT NULL,
	password_hash VARCHAR NOT NULL,
	subject VARCHAR,
	disabled BOOLEAN NOT NULL,
	created_at DATETIME NOT NULL,
	UNIQUE (name),
	UNIQUE (subject)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE auditentry (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	at DATETIME NOT NULL,
	who VARCHAR NOT NULL,
	role VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	target TEXT NOT NULL,
	detail TEXT NOT NULL,
	address VARCHAR NOT NULL
);
CREATE TABLE "batch" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	dataset_id INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	reviewer VARCHAR NOT NULL,
	who VARCHAR NOT NULL,
	selection JSON NOT NULL,
	created_at DATETIME NOT NULL,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE
);
CREATE TABLE batchchat (
	batch_id INTEGER NOT NULL,
	chat_id INTEGER NOT NULL,
	FOREIGN KEY(batch_id) REFERENCES batch (id) ON DELETE CASCADE,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	PRIMARY KEY (batch_id, chat_id)
);
CREATE TABLE blindopening (
	chat_id INTEGER NOT NULL,
	reviewer VARCHAR NOT NULL,
	at DATETIME NOT NULL,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	PRIMARY KEY (chat_id, reviewer)
);
CREATE TABLE callbatch (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	run_id INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	token VARCHAR NOT NULL,
	file_id VARCHAR NOT NULL,
	remote_id VARCHAR NOT NULL,
	remote_status VARCHAR NOT NULL,
	output_file VARCHAR NOT NULL,
	error_file VARCHAR NOT NULL,
	total INTEGER NOT NULL,
	completed INTEGER NOT NULL,
	failed INTEGER NOT NULL,
	problem VARCHAR NOT NULL,
	tries INTEGER NOT NULL,
	tried_at DATETIME,
	next_at DATETIME,
	created_at DATETIME NOT NULL,
	submitted_at DATETIME,
	expires_at DATETIME,
	ended_at DATETIME,
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE
);
CREATE TABLE callline (
	id INTEGER NOT NULL,
	batch_id INTEGER NOT NULL,
	run_id INTEGER NOT NULL,
	chat_id INTEGER NOT NULL,
	custom_id VARCHAR NOT NULL,
	"key" VARCHAR NOT NULL,
	variant INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	form VARCHAR NOT NULL,
	body TEXT NOT NULL,
	tokens INTEGER NOT NULL,
	examples JSON NOT NULL,
	state VARCHAR NOT NULL,
	result JSON,
	FOREIGN KEY(batch_id) REFERENCES callbatch (id) ON DELETE CASCADE,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE,
	PRIMARY KEY (id),
	UNIQUE (custom_id)
);
CREATE TABLE "chat" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	dataset_id INTEGER NOT NULL,
	"index" INTEGER NOT NULL,
	text TEXT NOT NULL,
	sha256 VARCHAR NOT NULL,
	characters INTEGER NOT NULL,
	residue_characters INTEGER NOT NULL,
	CONSTRAINT uq_chat_dataset_index UNIQUE (dataset_id, "index"),
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE
);
CREATE TABLE chatsearch (
	chat_id INTEGER NOT NULL,
	grams JSON,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	PRIMARY KEY (chat_id)
);
CREATE TABLE chatstake (
	run_id INTEGER NOT NULL,
	chat_id INTEGER NOT NULL,
	signature VARCHAR NOT NULL,
	points FLOAT NOT NULL,
	differing INTEGER NOT NULL,
	warnings INTEGER NOT NULL,
	reasons JSON NOT NULL, confidence JSON,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE,
	PRIMARY KEY (run_id, chat_id)
);
CREATE TABLE chatvisit (
	chat_id INTEGER NOT NULL,
	reviewer VARCHAR NOT NULL,
	until DATETIME NOT NULL,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	PRIMARY KEY (chat_id)
);
CREATE TABLE claim (
	chat_id INTEGER NOT NULL,
	reviewer VARCHAR NOT NULL,
	until DATETIME NOT NULL,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	PRIMARY KEY (chat_id)
);
CREATE TABLE "dataset" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name VARCHAR NOT NULL,
	split VARCHAR NOT NULL,
	form VARCHAR NOT NULL,
	sha256 VARCHAR NOT NULL,
	expected INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	UNIQUE (name)
);
CREATE TABLE datasetimport (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	dataset_id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	file VARCHAR NOT NULL,
	sha256 VARCHAR NOT NULL,
	format VARCHAR NOT NULL,
	encoding VARCHAR NOT NULL,
	sheet VARCHAR NOT NULL,
	joined VARCHAR NOT NULL,
	columns JSON NOT NULL,
	total INTEGER NOT NULL,
	messages INTEGER NOT NULL,
	added INTEGER NOT NULL,
	skipped INTEGER NOT NULL,
	rejected INTEGER NOT NULL,
	labels INTEGER NOT NULL,
	refusals JSON NOT NULL,
	notes JSON NOT NULL,
	chats JSON NOT NULL,
	answers JSON NOT NULL,
	run_id INTEGER,
	new_dataset BOOLEAN NOT NULL,
	expected_before INTEGER NOT NULL,
	expected_after INTEGER NOT NULL,
	who VARCHAR NOT NULL,
	created_at DATETIME NOT NULL,
	undone_by VARCHAR NOT NULL,
	undone_at DATETIME, present JSON, grown JSON,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE,
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE SET NULL
);
CREATE TABLE discussion (
	dataset_id INTEGER NOT NULL,
	review_pass VARCHAR NOT NULL,
	customer INTEGER,
	customer_name VARCHAR NOT NULL,
	field VARCHAR NOT NULL,
	opened_by VARCHAR NOT NULL,
	opened_at DATETIME NOT NULL,
	resolved_by VARCHAR NOT NULL,
	resolved_at DATETIME,
	last_at DATETIME NOT NULL,
	comments INTEGER NOT NULL,
	awaiting JSON NOT NULL,
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	chat_id INTEGER NOT NULL,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE
);
CREATE TABLE discussionevent (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	discussion_id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	who VARCHAR NOT NULL,
	at DATETIME NOT NULL,
	text TEXT NOT NULL,
	target INTEGER,
	save_id VARCHAR NOT NULL,
	FOREIGN KEY(discussion_id) REFERENCES discussion (id) ON DELETE CASCADE,
	UNIQUE (save_id)
);
CREATE TABLE dispute (
	id INTEGER NOT NULL,
	dataset_id INTEGER NOT NULL,
	chat_id INTEGER NOT NULL,
	customer INTEGER NOT NULL,
	field VARCHAR NOT NULL,
	value JSON,
	reason TEXT NOT NULL,
	who VARCHAR NOT NULL,
	at DATETIME NOT NULL,
	status VARCHAR NOT NULL,
	decided_by VARCHAR NOT NULL,
	decided_at DATETIME,
	decision VARCHAR NOT NULL,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE,
	PRIMARY KEY (id)
);
CREATE TABLE export (
	id INTEGER NOT NULL,
	dataset_id INTEGER,
	kind VARCHAR NOT NULL,
	filename VARCHAR NOT NULL,
	parameters JSON NOT NULL,
	counts JSON NOT NULL,
	sha256 VARCHAR NOT NULL,
	provenance JSON NOT NULL,
	created_at DATETIME NOT NULL,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE SET NULL,
	PRIMARY KEY (id)
);
CREATE TABLE "extraction" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
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
	created_at DATETIME NOT NULL, made_on INTEGER, tokens_cached INTEGER DEFAULT '0' NOT NULL, batch_in INTEGER DEFAULT '0' NOT NULL, batch_out INTEGER DEFAULT '0' NOT NULL,
	CONSTRAINT uq_extraction_run_chat UNIQUE (run_id, chat_id),
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE
);
CREATE TABLE formchange (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	old VARCHAR NOT NULL,
	new VARCHAR NOT NULL,
	mapping JSON NOT NULL,
	datasets JSON NOT NULL,
	counts JSON NOT NULL,
	who VARCHAR NOT NULL,
	at DATETIME NOT NULL,
	undone_by VARCHAR NOT NULL,
	undone_at DATETIME
);
CREATE TABLE formchangerow (
	change_id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	row_id INTEGER NOT NULL,
	dataset_id INTEGER NOT NULL,
	chat_id INTEGER,
	"before" JSON NOT NULL,
	FOREIGN KEY(change_id) REFERENCES formchange (id) ON DELETE CASCADE,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE,
	PRIMARY KEY (change_id, kind, row_id)
);
CREATE TABLE formdraft (
	name VARCHAR NOT NULL,
	who VARCHAR NOT NULL,
	base VARCHAR NOT NULL,
	revision INTEGER NOT NULL,
	form TEXT NOT NULL,
	guidelines TEXT NOT NULL,
	rules TEXT NOT NULL,
	at DATETIME NOT NULL,
	PRIMARY KEY (name, who)
);
CREATE TABLE formversion (
	name VARCHAR NOT NULL,
	version INTEGER NOT NULL,
	title VARCHAR NOT NULL,
	note VARCHAR NOT NULL,
	who VARCHAR NOT NULL,
	at DATETIME NOT NULL,
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	form TEXT NOT NULL,
	guidelines TEXT NOT NULL,
	rules TEXT NOT NULL,
	CONSTRAINT uq_formversion_name_version UNIQUE (name, version)
);
CREATE TABLE gate (
	model VARCHAR NOT NULL,
	next_at DATETIME,
	PRIMARY KEY (model)
);
CREATE TABLE guideline (
	id INTEGER NOT NULL,
	form VARCHAR NOT NULL,
	field VARCHAR NOT NULL,
	version INTEGER NOT NULL,
	text TEXT NOT NULL,
	reason VARCHAR NOT NULL,
	who VARCHAR NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT uq_guideline_version UNIQUE (form, field, version),
	PRIMARY KEY (id)
);
CREATE TABLE heavyjob (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	kind VARCHAR NOT NULL,
	subject VARCHAR NOT NULL,
	digest VARCHAR NOT NULL,
	parameters JSON NOT NULL,
	status VARCHAR NOT NULL,
	stage VARCHAR NOT NULL,
	done INTEGER NOT NULL,
	total INTEGER NOT NULL,
	problem VARCHAR NOT NULL,
	worker VARCHAR NOT NULL,
	attempts INTEGER NOT NULL,
	seen_at DATETIME,
	created_at DATETIME NOT NULL,
	CONSTRAINT uq_heavyjob_digest UNIQUE (digest)
);
CREATE TABLE importmapping (
	name VARCHAR NOT NULL,
	shape VARCHAR NOT NULL,
	columns JSON NOT NULL,
	created_at DATETIME NOT NULL,
	PRIMARY KEY (name)
);
CREATE TABLE jobpart (
	job_id INTEGER NOT NULL,
	position INTEGER NOT NULL,
	data BLOB NOT NULL,
	FOREIGN KEY(job_id) REFERENCES heavyjob (id) ON DELETE CASCADE,
	PRIMARY KEY (job_id, position)
);
CREATE TABLE learnedmodel (
	name VARCHAR NOT NULL,
	digest VARCHAR NOT NULL,
	form VARCHAR NOT NULL,
	sources JSON NOT NULL,
	examples JSON NOT NULL,
	versions JSON NOT NULL,
	chats INTEGER NOT NULL,
	evaluation JSON NOT NULL,
	who VARCHAR NOT NULL,
	created_at DATETIME NOT NULL,
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	CONSTRAINT uq_learnedmodel_name_digest UNIQUE (name, digest)
);
CREATE TABLE "modelentry" (
	id INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	title VARCHAR NOT NULL,
	provider VARCHAR NOT NULL,
	model VARCHAR NOT NULL,
	url VARCHAR NOT NULL,
	key_env VARCHAR NOT NULL,
	context_tokens INTEGER NOT NULL,
	max_output_tokens INTEGER NOT NULL,
	concurrency INTEGER,
	per_minute INTEGER,
	price_in FLOAT,
	price_out FLOAT,
	parameters JSON NOT NULL,
	json_mode BOOLEAN NOT NULL,
	system BOOLEAN NOT NULL,
	training_set_id INTEGER,
	note VARCHAR NOT NULL,
	created_at DATETIME NOT NULL,
	replace_personal BOOLEAN DEFAULT 0 NOT NULL, price_cached FLOAT, batch_files BOOLEAN DEFAULT 0 NOT NULL, batch_url VARCHAR DEFAULT '' NOT NULL, batch_share FLOAT, batch_deadline FLOAT DEFAULT '0' NOT NULL, batch_source VARCHAR DEFAULT '' NOT NULL,
	FOREIGN KEY(training_set_id) REFERENCES trainingset (id) ON DELETE SET NULL,
	PRIMARY KEY (id),
	UNIQUE (name)
);
CREATE TABLE outsidescore (
	id INTEGER NOT NULL,
	run_id INTEGER NOT NULL,
	score FLOAT NOT NULL,
	source VARCHAR NOT NULL,
	note VARCHAR NOT NULL,
	who VARCHAR NOT NULL,
	at DATETIME NOT NULL,
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE,
	PRIMARY KEY (id)
);
CREATE TABLE passingrule (
	name VARCHAR NOT NULL,
	dataset_id INTEGER NOT NULL,
	run_id INTEGER,
	scope VARCHAR NOT NULL,
	threshold FLOAT NOT NULL,
	audit_share FLOAT NOT NULL,
	allowed_error FLOAT NOT NULL,
	who VARCHAR NOT NULL,
	created_at DATETIME NOT NULL,
	stopped_at DATETIME,
	stopped_why VARCHAR NOT NULL,
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	CONSTRAINT uq_passingrule_name UNIQUE (name),
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE,
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE SET NULL
);
CREATE TABLE pick (
	id INTEGER NOT NULL,
	dataset_id INTEGER NOT NULL,
	chat_id INTEGER NOT NULL,
	who VARCHAR NOT NULL,
	selection VARCHAR NOT NULL,
	choices JSON NOT NULL,
	at DATETIME NOT NULL,
	CONSTRAINT uq_pick_chat_who_selection UNIQUE (chat_id, who, selection),
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE,
	PRIMARY KEY (id)
);
CREATE TABLE pinnedrun (
	dataset_id INTEGER NOT NULL,
	run_id INTEGER NOT NULL,
	who VARCHAR NOT NULL,
	at DATETIME NOT NULL,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE,
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE,
	PRIMARY KEY (dataset_id)
);
CREATE TABLE place (
	run_id INTEGER NOT NULL,
	chat_id INTEGER NOT NULL,
	model VARCHAR NOT NULL,
	holder BIGINT NOT NULL,
	started_at DATETIME NOT NULL,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE,
	PRIMARY KEY (run_id, chat_id)
);
CREATE TABLE plantederror (
	field VARCHAR NOT NULL,
	value VARCHAR NOT NULL,
	"right" VARCHAR NOT NULL,
	status VARCHAR NOT NULL,
	reviewer VARCHAR NOT NULL,
	decided_at DATETIME,
	chat_id INTEGER NOT NULL,
	dataset_id INTEGER NOT NULL,
	run_id INTEGER,
	version INTEGER NOT NULL,
	confirmation VARCHAR NOT NULL,
	at DATETIME NOT NULL,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE,
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE SET NULL,
	PRIMARY KEY (chat_id)
);
CREATE TABLE promptdraft (
	id INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	version INTEGER NOT NULL,
	source TEXT NOT NULL,
	sha256 VARCHAR NOT NULL,
	created_by VARCHAR NOT NULL,
	created_at DATETIME NOT NULL,
	CONSTRAINT uq_promptdraft_name_version UNIQUE (name, version),
	PRIMARY KEY (id)
);
CREATE TABLE "record" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
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
	CONSTRAINT uq_record_chat_pass UNIQUE (chat_id, review_pass),
	FOREIGN KEY(base_run_id) REFERENCES run (id) ON DELETE SET NULL,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE
);
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
	FOREIGN KEY(record_id) REFERENCES record (id) ON DELETE CASCADE,
	PRIMARY KEY (id),
	UNIQUE (save_id)
);
CREATE TABLE recordseen (
	chat_id INTEGER NOT NULL,
	reviewer VARCHAR NOT NULL,
	is_reviewed BOOLEAN NOT NULL,
	at DATETIME NOT NULL,
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	PRIMARY KEY (chat_id, reviewer)
);
CREATE TABLE repeatedrequest (
	token_id INTEGER NOT NULL,
	"key" VARCHAR NOT NULL,
	digest VARCHAR NOT NULL,
	status INTEGER,
	answer JSON NOT NULL,
	at DATETIME NOT NULL,
	FOREIGN KEY(token_id) REFERENCES accesstoken (id) ON DELETE CASCADE,
	PRIMARY KEY (token_id, "key")
);
CREATE TABLE reply (
	extraction_id INTEGER NOT NULL,
	position INTEGER NOT NULL,
	"key" VARCHAR NOT NULL,
	reused BOOLEAN NOT NULL,
	FOREIGN KEY(extraction_id) REFERENCES extraction (id) ON DELETE CASCADE,
	PRIMARY KEY (extraction_id, position)
);
CREATE TABLE retention (
	dataset_id INTEGER NOT NULL,
	replies_days INTEGER,
	history_days INTEGER,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE,
	PRIMARY KEY (dataset_id)
);
CREATE TABLE reviewcheck (
	dataset_id INTEGER NOT NULL,
	blind_share FLOAT NOT NULL,
	planted_share FLOAT NOT NULL,
	characters_per_minute INTEGER NOT NULL,
	who VARCHAR NOT NULL,
	at DATETIME NOT NULL,
	lot_secret VARCHAR NOT NULL,
	planted_run_id INTEGER,
	planted_up_to INTEGER NOT NULL,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE,
	PRIMARY KEY (dataset_id)
);
CREATE TABLE "run" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
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
	created_at DATETIME NOT NULL, form VARCHAR DEFAULT '' NOT NULL, form_change INTEGER DEFAULT '0' NOT NULL,
	CONSTRAINT uq_run_dataset_name UNIQUE (dataset_id, name),
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE
);
CREATE TABLE runconfidence (
	run_id INTEGER NOT NULL,
	approved INTEGER NOT NULL,
	model JSON NOT NULL,
	reliability JSON NOT NULL,
	examples JSON NOT NULL,
	fitted_at DATETIME NOT NULL,
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE,
	PRIMARY KEY (run_id)
);
CREATE TABLE seendefaultrun (
	dataset_id INTEGER NOT NULL,
	reviewer VARCHAR NOT NULL,
	run_id INTEGER NOT NULL,
	run_name VARCHAR NOT NULL,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE,
	PRIMARY KEY (dataset_id, reviewer)
);
CREATE TABLE signinbrake (
	"key" VARCHAR NOT NULL,
	failures INTEGER NOT NULL,
	next_at DATETIME,
	updated_at DATETIME NOT NULL,
	PRIMARY KEY ("key")
);
CREATE TABLE signinsession (
	token_sha256 VARCHAR NOT NULL,
	account_id INTEGER NOT NULL,
	identity VARCHAR,
	address VARCHAR NOT NULL,
	created_at DATETIME NOT NULL,
	seen_at DATETIME NOT NULL,
	ends_at DATETIME NOT NULL,
	FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE CASCADE,
	PRIMARY KEY (token_sha256),
	UNIQUE (identity)
);
CREATE TABLE summary (
	id INTEGER NOT NULL,
	chat_id INTEGER NOT NULL,
	version INTEGER NOT NULL,
	text TEXT NOT NULL,
	run_id INTEGER,
	who VARCHAR NOT NULL,
	created_at DATETIME NOT NULL,
	CONSTRAINT uq_summary_chat_version UNIQUE (chat_id, version),
	FOREIGN KEY(chat_id) REFERENCES chat (id) ON DELETE CASCADE,
	FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE SET NULL,
	PRIMARY KEY (id)
);
CREATE TABLE trainingjob (
	form VARCHAR NOT NULL,
	status VARCHAR NOT NULL,
	approvals INTEGER NOT NULL,
	stage VARCHAR NOT NULL,
	done INTEGER NOT NULL,
	total INTEGER NOT NULL,
	problem VARCHAR NOT NULL,
	worker VARCHAR NOT NULL,
	seen_at DATETIME,
	created_at DATETIME NOT NULL,
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	CONSTRAINT uq_trainingjob_form_approvals UNIQUE (form, approvals)
);
CREATE TABLE "trainingset" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name VARCHAR NOT NULL,
	format VARCHAR NOT NULL,
	parameters JSON NOT NULL,
	counts JSON NOT NULL,
	sha256 VARCHAR NOT NULL,
	provenance JSON NOT NULL,
	created_at DATETIME NOT NULL,
	who VARCHAR DEFAULT ('') NOT NULL,
	files JSON DEFAULT '{}' NOT NULL
);
CREATE TABLE webhook (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name VARCHAR NOT NULL,
	url VARCHAR NOT NULL,
	dataset_id INTEGER,
	secret_env VARCHAR NOT NULL,
	disabled BOOLEAN NOT NULL,
	who VARCHAR NOT NULL,
	created_at DATETIME NOT NULL,
	FOREIGN KEY(dataset_id) REFERENCES dataset (id) ON DELETE CASCADE,
	UNIQUE (name)
);
CREATE TABLE webhookmessage (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	webhook_id INTEGER NOT NULL,
	message_id VARCHAR NOT NULL,
	payload JSON NOT NULL,
	created_at DATETIME NOT NULL,
	attempts INTEGER NOT NULL,
	next_at DATETIME NOT NULL,
	delivered_at DATETIME,
	given_up_at DATETIME,
	problem VARCHAR NOT NULL,
	FOREIGN KEY(webhook_id) REFERENCES webhook (id) ON DELETE CASCADE,
	UNIQUE (message_id)
);
CREATE INDEX ix_accesstoken_account ON accesstoken (account_id);
CREATE INDEX ix_auditentry_at ON auditentry (at);
CREATE INDEX ix_batch_dataset_id ON batch (dataset_id);
CREATE INDEX ix_batchchat_chat ON batchchat (chat_id);
CREATE INDEX ix_callbatch_run ON callbatch (run_id, state);
CREATE INDEX ix_callline_batch ON callline (batch_id);
CREATE INDEX ix_callline_run_chat ON callline (run_id, chat_id);
CREATE INDEX ix_chat_characters ON chat (characters, id);
CREATE INDEX ix_chat_dataset_sha256 ON chat (dataset_id, sha256);
CREATE INDEX ix_chatstake_chat ON chatstake (chat_id);
CREATE INDEX ix_datasetimport_dataset ON datasetimport (dataset_id);
CREATE INDEX ix_discussion_chat_id ON discussion (chat_id);
CREATE INDEX ix_discussion_dataset ON discussion (dataset_id, resolved_at);
CREATE INDEX ix_discussionevent_discussion ON discussionevent (discussion_id, id);
CREATE INDEX ix_dispute_chat_id ON dispute (chat_id);
CREATE INDEX ix_dispute_dataset_status ON dispute (dataset_id, status);
CREATE INDEX ix_extraction_chat ON extraction (chat_id);
CREATE INDEX ix_extraction_totals ON extraction (run_id, status, created_at, id, made_on, tokens_in, tokens_out, seconds, tokens_cached, batch_in, batch_out);
CREATE INDEX ix_formchangerow_chat_id ON formchangerow (chat_id);
CREATE INDEX ix_formchangerow_dataset_id ON formchangerow (dataset_id);
CREATE INDEX ix_heavyjob_status ON heavyjob (status);
CREATE INDEX ix_heavyjob_subject ON heavyjob (subject);
CREATE INDEX ix_importmapping_shape ON importmapping (shape);
CREATE INDEX ix_outsidescore_run_id ON outsidescore (run_id);
CREATE INDEX ix_passingrule_dataset ON passingrule (dataset_id);
CREATE INDEX ix_pick_dataset_id ON pick (dataset_id);
CREATE INDEX ix_place_chat ON place (chat_id);
CREATE INDEX ix_place_holder ON place (holder);
CREATE INDEX ix_place_model ON place (model);
CREATE INDEX ix_plantederror_dataset_id ON plantederror (dataset_id);
CREATE INDEX ix_record_dataset_reviewer ON record (dataset_id, reviewer, updated_at);
CREATE INDEX ix_record_dataset_status ON record (dataset_id, review_pass, status);
CREATE INDEX ix_record_reviewer ON record (reviewer, review_pass, status);
CREATE INDEX ix_recordevent_record ON recordevent (record_id, version);
CREATE INDEX ix_reply_key ON reply ("key");
CREATE INDEX ix_signinsession_account ON signinsession (account_id);
CREATE INDEX ix_webhookmessage_next ON webhookmessage (delivered_at, given_up_at, next_at);
CREATE INDEX ix_webhookmessage_webhook_id ON webhookmessage (webhook_id);
CREATE TRIGGER auditentry_no_delete BEFORE DELETE ON auditentry BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER auditentry_no_replace BEFORE INSERT ON auditentry WHEN EXISTS (SELECT 1 FROM auditentry WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER auditentry_no_update BEFORE UPDATE ON auditentry BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
INSERT INTO alembic_version (version_num) VALUES ('0045');
-- [[[end]]]
