import * as z from 'zod';
import { loginBody, refreshBody, registerBody, tokenPair } from '../auth/schema.ts';
import {
  conversation,
  createConversationBody,
  updateConversationBody,
} from '../conversations/schema.ts';
import { pageOf, pageQuery, uuid } from '../http/schema.ts';
import {
  exchange,
  idempotencyKey,
  message,
  messageQuery,
  postMessageBody,
} from '../messages/schema.ts';
import { model, modelList, switchBody } from '../models/schema.ts';
import { updateUserBody, user } from '../users/schema.ts';

/** One operation in short: its input, its answer and its problems. */
export interface Operation {
  method: 'get' | 'post' | 'patch' | 'delete';
  path: string;
  tag: string;
  summary: string;
  body?: z.ZodType;
  query?: z.ZodObject;
  params?: z.ZodObject;
  headers?: z.ZodObject;
  status?: number;
  returns?: z.ZodType;
  /** Status codes of problems besides the usual ones. */
  problems?: number[];
  /** Works without an access token. */
  open?: true;
}

const id = z.object({ id: uuid.meta({ description: "The conversation's id." }) });

/** Every operation under /api. */
export const operations: Operation[] = [
  {
    method: 'post',
    path: '/api/register',
    tag: 'Account',
    summary: 'Make an account',
    body: registerBody,
    status: 201,
    returns: user,
    problems: [409, 429],
    open: true,
  },
  {
    method: 'post',
    path: '/api/login',
    tag: 'Account',
    summary: 'Sign in',
    body: loginBody,
    returns: tokenPair,
    problems: [401, 429],
    open: true,
  },
  {
    method: 'post',
    path: '/api/token/refresh',
    tag: 'Account',
    summary: 'Swap a refresh token for a new pair',
    body: refreshBody,
    returns: tokenPair,
    problems: [401, 429],
    open: true,
  },
  {
    method: 'post',
    path: '/api/logout',
    tag: 'Account',
    summary: 'End the session of a refresh token',
    body: refreshBody,
    status: 204,
    open: true,
  },
  { method: 'get', path: '/api/users/me', tag: 'Account', summary: 'The caller', returns: user },
  {
    method: 'patch',
    path: '/api/users/me',
    tag: 'Account',
    summary: "Change the caller's name or preferences",
    body: updateUserBody,
    returns: user,
  },
  {
    method: 'get',
    path: '/api/models',
    tag: 'Models',
    summary: 'The models that can answer',
    returns: modelList,
  },
  {
    method: 'post',
    path: '/api/models/switch',
    tag: 'Models',
    summary: "Choose the model of the caller's next conversations",
    body: switchBody,
    returns: model,
    problems: [404],
  },
  {
    method: 'post',
    path: '/api/conversations',
    tag: 'Conversations',
    summary: 'Start a conversation',
    body: createConversationBody,
    status: 201,
    returns: conversation,
  },
  {
    method: 'get',
    path: '/api/conversations',
    tag: 'Conversations',
    summary: "The caller's conversations, newest first",
    query: pageQuery,
    returns: pageOf(conversation),
  },
  {
    method: 'get',
    path: '/api/conversations/{id}',
    tag: 'Conversations',
    summary: 'One conversation',
    params: id,
    returns: conversation,
    problems: [404],
  },
  {
    method: 'patch',
    path: '/api/conversations/{id}',
    tag: 'Conversations',
    summary: 'Change its title or model',
    params: id,
    body: updateConversationBody,
    returns: conversation,
    problems: [404],
  },
  {
    method: 'delete',
    path: '/api/conversations/{id}',
    tag: 'Conversations',
    summary: 'Delete it with its messages',
    params: id,
    status: 204,
    problems: [404],
  },
  {
    method: 'post',
    path: '/api/conversations/{id}/messages',
    tag: 'Messages',
    summary: 'Say something and get the answer',
    params: id,
    headers: z.object({ 'Idempotency-Key': idempotencyKey }),
    body: postMessageBody,
    status: 201,
    returns: exchange,
    problems: [404, 409, 422],
  },
  {
    method: 'get',
    path: '/api/conversations/{id}/messages',
    tag: 'Messages',
    summary: 'The messages of a conversation',
    params: id,
    query: messageQuery,
    returns: pageOf(message),
    problems: [404],
  },
];
